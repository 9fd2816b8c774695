import { type Got, RequestError } from 'got'
import { adviseOnStatus, createRegistryClient, type RegistryConfig } from './registry-client.ts'

/** The part of the Confluent schema registry API that records need. Apicurio's ccompat/v7 gives the same answers. */

export type { RegistryConfig }

/** The registry's own answer about an id. Any other response is an error: a proxy's page says nothing about the id. */
export type FoundSchema =
  /** With the schemas that it refers to, each after those that it refers to itself. */
  | { kind: 'avro'; schema: object; references: object[] }
  | { kind: 'unknown' }
  /** The id exists, but its schema cannot be used. */
  | { kind: 'unusable'; reason: string }

export type Registry = {
  /**
   * The id of a schema under a subject.
   * @throws while the schema is not registered there, or the registry does not answer.
   */
  findId(subject: string, schema: object): Promise<number>
  /** @throws while the registry does not answer. */
  findSchema(id: number): Promise<FoundSchema>
}

/** A response that comes from the registry: a JSON object in one of the two forms of its API. */
export type RegistryAnswer = { kind: 'ok'; body: Record<string, unknown> } | { kind: 'error'; code: number }

/** Maximum bytes of a response; schemas have some kilobytes. */
const maxAnswerBytes = 4 * 1_048_576
/** Maximum schemas that one schema may refer to, directly and through others. */
const maxReferences = 100
/** "Schema not found" and "version not found" in Confluent's API reference. Apicurio uses the first for ids too. */
const notFoundCodes = [40_401, 40_402, 40_403]
const schemaNotFound = 40_403

/** @throws ConfigError when a certificate or key of the connection cannot be used. */
export function createRegistry(config: RegistryConfig): Registry {
  const client = createRegistryClient(config).extend({ throwHttpErrors: false })
  return wrapRequests((path, json) => request(client, config, path.slice(1), json))
}

/** @param ask sends a request, with a JSON body or without. @throws when the response is not the registry's own. */
export function wrapRequests(ask: (path: string, json?: object) => Promise<RegistryAnswer>): Registry {
  return {
    async findId(subject, schema) {
      const answer = await ask(`/subjects/${encodeURIComponent(subject)}`, { schema: JSON.stringify(schema) })
      if (answer.kind === 'error') throw new Error(`is not registered (error ${answer.code})`)
      const { id } = answer.body
      if (!isId(id)) throw new Error('the response has no id')
      return id
    },
    async findSchema(id) {
      const answer = await ask(`/schemas/ids/${id}`)
      if (answer.kind === 'ok') return readSchema(answer.body, ask)
      if (answer.code === schemaNotFound) return { kind: 'unknown' }
      throw new Error(`error ${answer.code}`)
    },
  }
}

/** @throws when the response is not the registry's: an HTML page, a proxy's error, JSON in another form. */
export function readAnswer(status: number, contentType: string | null, text: string): RegistryAnswer {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(contentType ?? ''))
    throw new Error(`status ${status} with ${contentType ?? 'no content type'} instead of JSON`)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Error(`status ${status} with text that is not JSON`)
  }
  if (typeof body !== 'object' || body === null) throw new Error(`status ${status} without an object`)
  const { error_code: code } = body as { error_code?: unknown }
  if (status === 200) return { kind: 'ok', body: body as Record<string, unknown> }
  if (status === 404 && notFoundCodes.includes(code as number)) return { kind: 'error', code: code as number }
  throw new Error(`status ${status}${Number.isInteger(code) ? `, error ${code}` : ''}`)
}

async function request(client: Got, config: RegistryConfig, path: string, json?: object): Promise<RegistryAnswer> {
  const post = json && {
    method: 'POST' as const,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(json),
  }
  const tooLarge = new AbortController()
  const asked = client(path, { ...post, signal: tooLarge.signal })
  asked.on('downloadProgress', ({ transferred }) => {
    if (transferred > maxAnswerBytes) tooLarge.abort()
  })
  const { statusCode, headers, body } = await asked.catch((error: Error) => {
    if (tooLarge.signal.aborted) throw new Error(`the response has more than ${maxAnswerBytes} bytes`)
    throw new Error(error.message || (error instanceof RequestError && error.code) || error.name)
  })
  try {
    return readAnswer(statusCode, headers['content-type'] ?? null, body)
  } catch (error) {
    const advice = adviseOnStatus(statusCode, config)
    throw advice === null ? error : new Error(`${(error as Error).message} (${advice})`)
  }
}

async function readSchema(
  body: Record<string, unknown>,
  ask: (path: string) => Promise<RegistryAnswer>,
): Promise<FoundSchema> {
  const { schema, schemaType } = body
  if (typeof schema !== 'string') throw new Error('the response has no schema')
  if (schemaType !== undefined && schemaType !== 'AVRO')
    return unusable(`is ${String(schemaType).slice(0, 20)}, not Avro`)
  const references = new Map<string, object>()
  const missing = await readReferences(body.references, ask, references)
  if (missing !== null) return unusable(missing)
  const parsed = parseSchema(schema)
  return parsed === undefined
    ? unusable('is not JSON')
    : { kind: 'avro', schema: parsed, references: [...references.values()] }
}

/**
 * Reads the schemas that a schema refers to, each after those that it refers to itself.
 * @returns why one cannot be read, or null.
 */
async function readReferences(
  references: unknown,
  ask: (path: string) => Promise<RegistryAnswer>,
  found: Map<string, object>,
  above: readonly string[] = [],
): Promise<string | null> {
  if (!Array.isArray(references)) return null
  for (const { subject, version } of references as { subject?: unknown; version?: unknown }[]) {
    const path = `/subjects/${encodeURIComponent(String(subject))}/versions/${encodeURIComponent(String(version))}`
    if (found.has(path) || above.includes(path)) continue
    if (found.size + above.length >= maxReferences) return `refers to more than ${maxReferences} schemas`
    const answer = await ask(path)
    if (answer.kind === 'error') return `refers to ${subject}, version ${version}, which does not exist`
    const schema = parseSchema(answer.body.schema)
    if (schema === undefined) return `refers to ${subject}, version ${version}, which is not JSON`
    const missing = await readReferences(answer.body.references, ask, found, [...above, path])
    if (missing !== null) return missing
    found.set(path, schema)
  }
  return null
}

/** Parses a schema: in Avro's JSON an object, an array or the name of a type. */
function parseSchema(text: unknown): object | undefined {
  try {
    return JSON.parse(String(text)) as object
  } catch {
    return undefined
  }
}

function unusable(reason: string): FoundSchema {
  return { kind: 'unusable', reason }
}

/** Whether a value fits the wire format's four bytes, which Confluent's serializers read as signed. */
function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 0x7fffffff
}
