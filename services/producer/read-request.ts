import type { Event } from '../domain/event.ts'
import { compileSchema, type Problem } from '../platform/json-schema.ts'
import { envelopeSchema } from './event-schemas.ts'
import { createEventReader } from './read-event.ts'

export type BodyFormat = 'json' | 'ndjson'

/** Where something is wrong: `events.2.messages.0.date`, and for NDJSON the line, from 1. */
export type RequestProblem = Problem & { line?: number }

export type ReadRequest =
  | { kind: 'events'; events: Event[] }
  /** Not JSON, or not UTF-8. */
  | { kind: 'unreadable'; problems: RequestProblem[] }
  /** JSON, but not events; each offending field is named, at most 100. */
  | { kind: 'invalid'; problems: RequestProblem[] }

type Candidate = { value: unknown; line?: number }
type Parsed = { ok: true; candidates: Candidate[] } | { ok: false; refusal: ReadRequest }

const maxProblems = 100

/** Reads the body of POST /v1/events: all of its events, or why it is refused as a whole. */
export function createRequestReader(): (format: BodyFormat, body: Buffer) => ReadRequest {
  const readEvent = createEventReader()
  const checkEnvelope = compileSchema<{ events: unknown[] }>(envelopeSchema)

  const parseJson = (text: string): Parsed => {
    const parsed = tryJson(text)
    if ('fault' in parsed) return unreadable([{ field: '', message: parsed.fault }])
    const checked = checkEnvelope(parsed.value)
    if (!checked.ok) return { ok: false, refusal: { kind: 'invalid', problems: checked.problems } }
    return { ok: true, candidates: checked.value.events.map((value) => ({ value })) }
  }

  return (format, body) => {
    const text = decodeUtf8(body)
    const parsed =
      text === null
        ? unreadable([{ field: '', message: 'is not UTF-8' }])
        : format === 'json'
          ? parseJson(text)
          : parseLines(text)
    if (!parsed.ok) return parsed.refusal
    const events: Event[] = []
    const problems: RequestProblem[] = []
    for (const [index, { value, ...place }] of parsed.candidates.entries()) {
      const read = readEvent(value)
      if (read.ok) events.push(read.value)
      else problems.push(...read.problems.map((problem) => ({ ...prefixed(`events.${index}`, problem), ...place })))
      if (problems.length >= maxProblems) break
    }
    return problems.length > 0
      ? { kind: 'invalid', problems: problems.slice(0, maxProblems) }
      : { kind: 'events', events }
  }
}

/** One event a line; empty lines are skipped, so that a last line feed is no event. */
function parseLines(text: string): Parsed {
  const candidates: Candidate[] = []
  const problems: RequestProblem[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const parsed = tryJson(line)
    if ('fault' in parsed) {
      const field = `events.${candidates.length + problems.length}`
      problems.push({ field, message: parsed.fault, line: index + 1 })
      if (problems.length >= maxProblems) break
    } else candidates.push({ value: parsed.value, line: index + 1 })
  }
  if (problems.length > 0) return unreadable(problems)
  if (candidates.length > 0) return { ok: true, candidates }
  return { ok: false, refusal: { kind: 'invalid', problems: [{ field: 'events', message: 'must have an event' }] } }
}

function prefixed(prefix: string, { field, message }: Problem): Problem {
  return { field: field === '' ? prefix : `${prefix}.${field}`, message }
}

function unreadable(problems: RequestProblem[]): Parsed {
  return { ok: false, refusal: { kind: 'unreadable', problems } }
}

function tryJson(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { fault: `is not JSON: ${error instanceof Error ? error.message : error}` }
  }
}

/** JSON is UTF-8 (RFC 8259, section 8.1): bytes that are not are refused, not replaced by question marks. */
function decodeUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
