import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { notificationSchemas } from '../../services/domain/event/notification-schema.ts'
import { compileSchema } from '../../services/platform/json/json-schema.ts'
import { createRequestReader } from '../../services/producer/reading/read-request.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { createFormatterWorld, typeOf } from '../support/formatter-world.ts'
import { illFormedTexts, worstTexts } from '../support/worst-texts.ts'

// Arbitrary events over HTTP and from Kafka (guarantees 40 and 55a) have an outcome, and never cause an exception. The
// seed is printed; HOOKLINE_SEED repeats it, and HOOKLINE_FUZZ_SECONDS sets the duration.

const seconds = Number(process.env.HOOKLINE_FUZZ_SECONDS ?? 60)
const seed = Number(process.env.HOOKLINE_SEED ?? randomInt(2 ** 31))
const halfMs = seconds * 500
const options = {
  seed,
  numRuns: 1_000_000_000,
  interruptAfterTimeLimit: halfMs,
  endOnFailure: true,
}
const timeoutMs = halfMs + 60_000
const counts = { delivered: 0, letters: 0, accepted: 0, refused: 0 }

afterAll(() => {
  process.stdout.write(`guarantee 40: events of seed ${seed}, ${seconds} s: ${JSON.stringify(counts)}\n`)
})

const strangeNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '', '0', '\0', '.', '/', '~1']
const strange = fc
  .tuple(fc.constantFrom(...Object.values({ ...worstTexts, ...illFormedTexts })), fc.integer({ min: 0, max: 600 }))
  .map(([make, length]) => make(length))
const name = fc.oneof(
  { weight: 60, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(...strangeNames) },
  { weight: 1, arbitrary: strange },
)
const text = fc.oneof(
  { weight: 10, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(...strangeNames) },
  { weight: 1, arbitrary: strange },
)
const optional = fc.option(text, { nil: null })
const timeMs = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 0, max: 253_402_300_799_999 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1, -62_167_219_200_000, 253_402_300_800_000, 8.64e15, 9_007_199_254_740_990),
  },
)
const location = fc.oneof(
  optional,
  fc.tuple(fc.double(), fc.constantFrom(',', ' & ', ' ', ';'), fc.double()).map((parts) => parts.join('')),
  fc.json(),
)
const message = fc.record({
  id: name,
  date: timeMs,
  from: fc.constantFrom('bot', 'user', 'operator'),
  isButton: fc.boolean(),
  location,
  ...Object.fromEntries(
    'message fromName image audio video file operatorId operatorName operatorEmail operatorRole queue intentName caption payload button templateName'
      .split(' ')
      .map((field) => [field, optional]),
  ),
})
const conversation = {
  eventId: name,
  businessId: name,
  chatPlatform: fc.oneof(fc.constantFrom('whatsapp', 'webchat'), name),
  chatChannelId: name,
  contactId: name,
  whatsappNumber: fc.oneof(name, optional),
  customerId: name,
}
const messageEvent = fc.record({
  ...conversation,
  chatIdInChatPlatform: fc.oneof(name, optional),
  firstName: optional,
  lastName: optional,
  customerCreationTime: timeMs,
  sessionCreationTime: timeMs,
  messages: fc.array(message, { maxLength: 4 }),
  variables: fc
    .array(fc.tuple(name, text), { maxLength: 4 })
    // Objects as JSON and Avro make them: __proto__ is a name like any other.
    .map((entries) => Object.fromEntries(entries)),
})
const statusEvent = fc.record({
  ...conversation,
  status: fc.constantFrom('delivered', 'read'),
  statusChangeTime: timeMs,
  messageId: name,
  clientPayload: optional,
})
const event = fc.oneof(
  messageEvent.map((value) => ({ topic: topics.messageEvents, type: 'message', value })),
  statusEvent.map((value) => ({ topic: topics.statusEvents, type: 'status', value })),
)

/** Bytes replaced, removed or added somewhere, or not changed at all. */
const damage = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      drop: fc.nat(8),
      put: fc.uint8Array({ maxLength: 8 }),
    }),
  },
)

function damaged(bytes: Buffer, how: { at: number; drop: number; put: Uint8Array } | null): Buffer {
  if (how === null) return bytes
  const at = Math.floor(how.at * bytes.length)
  return Buffer.concat([bytes.subarray(0, at), how.put, bytes.subarray(at + how.drop)])
}

const bytesOrNull = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map(Buffer.from),
  fc.constant(null),
  fc.constant(Buffer.alloc(2_000)),
)
const record = fc.record({
  key: bytesOrNull,
  timestampMs: fc.constantFrom(-1, 0, 1.7e12, 1.7e15, 1.7e18, Number.MAX_SAFE_INTEGER),
  headers: fc.oneof(
    fc.constant(undefined),
    fc.dictionary(
      fc.constantFrom('traceparent', '__proto__', 'constructor', 'x'),
      fc.oneof(bytesOrNull, fc.string(), fc.array(bytesOrNull, { maxLength: 3 })),
    ),
  ),
})

const [ofMessage, ofStatus] = Object.values(notificationSchemas)
const checks = { message: compileSchema(ofMessage ?? {}), status: compileSchema(ofStatus ?? {}) }

test(
  'every record of an event topic has one outcome, and every body is valid by its published schema',
  async () => {
    const world = createFormatterWorld()
    const property = fc.asyncProperty(event, damage, record, async ({ topic, value }, how, around) => {
      world.forget()
      const bytes = damaged(typeOf(topic).toBuffer(value), how)
      await world.take(topic.name, { value: bytes, ...around } as never)
      // An empty event notifies nobody: the one outcome without a record.
      const outcomes = world.deliveries.length + world.letters.length
      expect(outcomes).toBeLessThanOrEqual(1)
      expect(world.commits).toHaveLength(1)
      expect(world.failed).toEqual([])
      for (const { reason, detail, source } of world.letters) {
        expect([reason, detail]).toEqual([expect.stringMatching(/^(unreadable|oversize)$/), expect.any(String)])
        expect(source.value?.equals(bytes)).toBe(true)
      }
      for (const { body, kind } of world.deliveries) {
        const json = body.toString('utf8')
        expect(body.equals(Buffer.from(json))).toBe(true)
        expect(json.isWellFormed() && !/\\ud[89a-f]/.test(json.replaceAll('\\\\', ''))).toBe(true)
        expect(checks[kind](JSON.parse(json))).toMatchObject({ ok: true })
      }
      counts.delivered += world.deliveries.length
      counts.letters += world.letters.length
    })
    await fc.assert(property, options)
  },
  timeoutMs,
)

/** Text of a request: an event, a damaged event, or any JSON. */
const requestText = fc.oneof(
  fc.tuple(fc.array(event, { maxLength: 3 }), damage, fc.nat(9)).map(([events, how, chance]) => {
    const isTime = (key: string) => key === 'date' || key.endsWith('Time')
    const shown = (key: string, value: unknown) =>
      chance > 0 && isTime(key) && typeof value === 'number' && Math.abs(value) < 8e15
        ? new Date(value).toISOString()
        : value
    const raw = { events: events.map(({ type, value }) => ({ type, ...value })) }
    return damaged(Buffer.from(JSON.stringify(raw, shown)), how)
  }),
  fc.json({ maxDepth: 6 }).map((json) => Buffer.from(json)),
  fc.json({ maxDepth: 6 }).map((json) => Buffer.from(`{"events":[${json}]}`)),
  fc.uint8Array({ maxLength: 100 }).map(Buffer.from),
)

test(
  'every request is accepted or refused with named fields, and what is accepted can be written',
  async () => {
    const read = createRequestReader()
    const property = fc.asyncProperty(
      requestText,
      fc.constantFrom('json' as const, 'ndjson' as const),
      async (body, format) => {
        const result = await read(format, body)
        if (result.kind !== 'events') {
          counts.refused++
          expect(result.problems.length).toBeGreaterThan(0)
          expect(JSON.stringify(result.problems).length).toBeLessThan(100_000)
          return
        }
        for (const { type, event: taken } of result.events) {
          const topic = type === 'message' ? topics.messageEvents : topics.statusEvents
          expect(typeOf(topic).fromBuffer(typeOf(topic).toBuffer(taken))).toEqual(taken)
          counts.accepted++
        }
      },
    )
    await fc.assert(property, options)
  },
  timeoutMs,
)
