import { limits } from './event-limits.ts'

type MessageBody = { messages: unknown[]; variables?: Record<string, unknown> }

/**
 * Joins the bodies of a contact's messages, oldest first, as the format allows: `messages` one after another, `variables`
 * merged, of which the newest value wins. Everything else, such as the session, must be the same in all of them.
 * @returns how many of the bodies are joined, at least 1, and the result: of a single one, its own bytes.
 */
export function joinBodies(bodies: Iterable<Buffer>): { count: number; body: Buffer } {
  const [first = Buffer.alloc(0), ...others] = bodies
  let joined = readBody(first)
  let count = 1
  /** At least the size of the result. */
  let bytes = first.length
  for (const each of others) {
    const next = readBody(each)
    if (!joined || !next || !isSameConversation(joined, next)) break
    const more = join(joined, next)
    if (!isWithinLimits(more, bytes + each.length)) break
    joined = more
    bytes += each.length
    count++
  }
  return { count, body: count === 1 ? first : toBuffer(joined) }
}

function join(earlier: MessageBody, later: MessageBody): MessageBody {
  const variables = { ...earlier.variables, ...later.variables }
  const { messages, variables: _variables, ...conversation } = earlier
  return {
    ...conversation,
    messages: [...messages, ...later.messages],
    ...(Object.keys(variables).length > 0 && { variables }),
  }
}

function isSameConversation(one: MessageBody, other: MessageBody): boolean {
  const { messages: _messages, variables: _variables, ...conversation } = one
  const { messages: _otherMessages, variables: _otherVariables, ...otherConversation } = other
  return JSON.stringify(conversation) === JSON.stringify(otherConversation)
}

/** @param mostBytes a size that the body cannot exceed. */
function isWithinLimits(body: MessageBody, mostBytes: number): boolean {
  if (body.messages.length > limits.maxMessages) return false
  if (Object.keys(body.variables ?? {}).length > limits.maxVariables) return false
  return mostBytes <= limits.maxNotificationBytes || toBuffer(body).length <= limits.maxNotificationBytes
}

function toBuffer(body: MessageBody | null): Buffer {
  return Buffer.from(JSON.stringify(body))
}

/** @returns null for a body of another form: another program may have written the record. */
function readBody(body: Buffer): MessageBody | null {
  try {
    const read = JSON.parse(body.toString('utf8')) as { type?: unknown; messages?: unknown; variables?: unknown } | null
    const isMessage = read?.type === 'message' && Array.isArray(read.messages)
    const hasVariables =
      read?.variables === undefined || (typeof read.variables === 'object' && read.variables !== null)
    return isMessage && hasVariables ? (read as MessageBody) : null
  } catch {
    return null
  }
}
