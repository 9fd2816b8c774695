import { setImmediate as turnEnded } from 'node:timers/promises'
import type { Event } from '../../domain/event/event.ts'
import { compileSchema, type Problem } from '../../platform/json/json-schema.ts'
import { hasMoreValuesThan } from '../../platform/json/json-values.ts'
import { envelopeSchema, maxEvents } from './event-schemas.ts'
import { isTooLarge } from './event-size.ts'
import { splitList } from './json-elements.ts'
import { createEventReader } from './read-event.ts'

export type BodyFormat = 'json' | 'ndjson'

/** Where a problem is: `events.2.messages.0.date`, and for NDJSON the line, from 1. */
export type RequestProblem = Problem & { line?: number }

export type ReadRequest =
  /** tooLarge: events whose notification would exceed the maximum size. */
  | { kind: 'events'; events: Event[]; tooLarge: RequestProblem[] }
  /** Not JSON, or not UTF-8. */
  | { kind: 'unreadable'; problems: RequestProblem[] }
  /** JSON, but not valid events; each wrong field is named, at most 100. */
  | { kind: 'invalid'; problems: RequestProblem[] }

/** Text of one event, with its line in an NDJSON body, from 1. */
type Element = { text: string; line?: number }

/** Maximum problems named in one response. */
export const maxProblems = 100
/** Maximum JSON values of one event; 500 messages with every field and 1,000 variables have fewer. */
const maxValues = 20_000
/** UTF-16 units read before other work gets its turn, which takes a millisecond or two. */
const unitsPerTurn = 65_536
/** Units charged for an event besides its text: even short events take time. */
const unitsPerEvent = 256
/** Units charged for a line besides its text: even a blank line takes time. */
const unitsPerLine = 16
/** Length of an event's text, in UTF-16 units, from which its notification is measured; a shorter one cannot be too large. */
const measuredLength = 2_048

/**
 * Reads the body of POST /v1/events: all of its events, or why it is refused as a whole. Events are parsed and
 * validated one by one, so that the largest body of the worst shape neither blocks the event loop nor takes much memory
 * (guarantee 48).
 */
export function createRequestReader(): (format: BodyFormat, body: Buffer) => Promise<ReadRequest> {
  const readEvent = createEventReader()
  const checkEnvelope = compileSchema<{ events: unknown[] }>(envelopeSchema)

  /** The elements of {"events":[...]}, or why the text is not of this form. */
  const readElements = (text: string): Iterable<Element> | ReadRequest => {
    const parts = splitList(text, maxEvents)
    if (parts === null) return invalid('events', tooManyEvents)
    if (hasMoreValuesThan(parts.outer, maxValues + maxEvents)) return invalid('', tooManyValues)
    const outer = parseJson(parts.outer)
    if ('fault' in outer) return { kind: 'unreadable', problems: [{ field: '', message: outer.fault }] }
    const checked = checkEnvelope(outer.value)
    if (!checked.ok) return { kind: 'invalid', problems: checked.problems }
    if (checked.value.events.length !== parts.elements.length) return invalid('events', 'must appear once')
    return parts.elements.map((element) => ({ text: element }))
  }

  return async (format, body) => {
    const text = decodeUtf8(body)
    if (text === null) return { kind: 'unreadable', problems: [{ field: '', message: 'is not UTF-8' }] }
    const elements = format === 'json' ? readElements(text) : linesOf(text)
    if ('kind' in elements) return elements

    const events: Event[] = []
    const faults = {
      unreadable: [] as RequestProblem[],
      invalid: [] as RequestProblem[],
      tooLarge: [] as RequestProblem[],
    }
    let count = 0
    let units = 0
    for (const { text: json, ...place } of elements) {
      if (units >= unitsPerTurn) {
        units = 0
        await turnEnded()
      }
      units += json.length + unitsPerLine
      if (place.line !== undefined && json.trim() === '') continue
      units += unitsPerEvent
      const field = `events.${count++}`
      if (count > maxEvents) return invalid('events', tooManyEvents)
      if (hasMoreValuesThan(json, maxValues)) {
        faults.invalid.push({ field, message: tooManyValues, ...place })
        continue
      }
      const parsed = parseJson(json)
      if ('fault' in parsed) faults.unreadable.push({ field, message: parsed.fault, ...place })
      else {
        const read = readEvent(parsed.value)
        if (!read.ok)
          faults.invalid.push(...read.problems.map((problem) => ({ ...prefixed(field, problem), ...place })))
        else if (json.length > measuredLength && isTooLarge(read.value))
          faults.tooLarge.push({ field, message: 'is too large', ...place })
        else events.push(read.value)
      }
      if (faults.unreadable.length >= maxProblems || faults.invalid.length >= maxProblems) break
    }
    if (faults.unreadable.length > 0) return { kind: 'unreadable', problems: faults.unreadable }
    if (faults.invalid.length > 0) return { kind: 'invalid', problems: faults.invalid.slice(0, maxProblems) }
    if (count === 0) return invalid('events', 'must have an event')
    return { kind: 'events', events, tooLarge: faults.tooLarge.slice(0, maxProblems) }
  }
}

const tooManyValues = `must not have more than ${maxValues} values`
const tooManyEvents = `must not have more than ${maxEvents} items`

function invalid(field: string, message: string): ReadRequest {
  return { kind: 'invalid', problems: [{ field, message }] }
}

/** One event per line. The reader skips blank lines, so a final line feed is not an event. */
function* linesOf(text: string): Generator<Element> {
  let start = 0
  for (let line = 1; start < text.length; line++) {
    const found = text.indexOf('\n', start)
    const end = found === -1 ? text.length : found
    yield { text: text.slice(start, end), line }
    start = end + 1
  }
}

function prefixed(prefix: string, { field, message }: Problem): Problem {
  return { field: field === '' ? prefix : `${prefix}.${field}`, message }
}

function parseJson(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { fault: `is not JSON: ${error instanceof Error ? error.message : error}` }
  }
}

/** JSON is UTF-8 (RFC 8259, section 8.1). Invalid bytes are refused, not replaced by question marks. */
function decodeUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
