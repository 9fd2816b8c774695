import { compileSchema } from '../../../services/platform/json/json-schema.ts'
import { channels } from './channels.ts'
import { bot, type Channel, type Conversation, type Said, type Step, saysAndSets, user } from './conversation.ts'

/** One line of a conversations file. */
type FileConversation = { id: string; turns: Turn[] }

type Turn = {
  from: 'user' | 'bot'
  text: string
  /** Calls made by the dialog in this turn. */
  intents?: string[]
  variables?: Record<string, string>
}

const check = compileSchema<FileConversation>({
  type: 'object',
  required: ['id', 'turns'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 100 },
    turns: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['from', 'text'],
        properties: {
          from: { enum: ['user', 'bot'] },
          text: { type: 'string' },
          intents: { type: 'array', items: { type: 'string' } },
          variables: { type: 'object', additionalProperties: { type: 'string' } },
        },
      },
    },
  },
})

/**
 * Reads conversations from JSON lines, each
 * `{ "id", "turns": [{ "from": "user" | "bot", "text", "intents"?, "variables"? }] }`. They are spread over the sample
 * channels; each has its own contact, and each turn is one step.
 * @throws Error naming the first line that is wrong, and why.
 */
export function parseConversations(text: string): Conversation[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const firstLineOf = new Map<string, number>()
  const conversations = lines
    .filter(({ line }) => line !== '')
    .map(({ line, number }, index) => {
      const { id, turns } = parseLine(line, number)
      const first = firstLineOf.get(id)
      if (first !== undefined) throw new Error(`line ${number}: id "${id}" is already used in line ${first}`)
      firstLineOf.set(id, number)
      const channel = channelOf(index)
      return { id, channel, contact: { contactId: contactIdOf(channel, index) }, steps: stepsOf(turns) }
    })
  if (conversations.length === 0) throw new Error('it contains no conversation')
  return conversations
}

function parseLine(line: string, number: number): FileConversation {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new Error(`line ${number}: is not JSON: ${error instanceof Error ? error.message : error}`)
  }
  const checked = check(value)
  if (checked.ok) return checked.value
  const problems = checked.problems.map(({ field, message }) => `${field} ${message}`.trim())
  throw new Error(`line ${number}: ${problems.join('; ')}`)
}

/** The call that led to a bot's message: the last one of its own turn or of the user's turn before it. */
function stepsOf(turns: Turn[]): Step[] {
  return turns.map((turn, index) => saysAndSets({ ...turn.variables }, spokenBy(turn, turns[index - 1])))
}

function spokenBy(turn: Turn, before: Turn | undefined): Said {
  if (turn.from === 'user') return user(turn.text)
  const intentName = turn.intents?.at(-1) ?? (before?.from === 'user' ? before.intents?.at(-1) : undefined)
  return bot(turn.text, intentName === undefined ? {} : { intentName })
}

function channelOf(index: number): Channel {
  const all = Object.values(channels)
  return all[index % all.length] ?? channels.whatsapp
}

/** Phone numbers from a fictional range. */
function contactIdOf(channel: Channel, index: number): string {
  const serial = String(index + 1).padStart(5, '0')
  return channel.platform === 'whatsapp' ? `549115555${serial}` : `${channel.platform}-${serial}`
}
