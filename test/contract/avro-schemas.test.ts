import avsc from 'avsc'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { Codec } from '../../services/platform/avro/codec.ts'
import type { Registry } from '../../services/platform/avro/registry.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { isAvro, readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { arbitraryOf } from './avro-arbitrary.ts'

const avroTopics = Object.values(topics).filter(isAvro)
const schemaId = 258

/** A codec whose registry knows one schema under id 258. */
function codecOf(schema: object): Codec {
  const registry: Registry = {
    findId: async () => schemaId,
    findSchema: async (id) => (id === schemaId ? { kind: 'avro', schema, references: [] } : { kind: 'unknown' }),
  }
  const clock = { ...systemClock, nowMs: () => 0, monotonicMs: () => 0, random: () => 0, sleep: async () => undefined }
  return new Codec(registry, { log: pino({ level: 'silent' }), clock, readiness: new Readiness() })
}

describe.each(avroTopics)('$schema', (topic) => {
  const schema = readSchema(topic)
  const values = arbitraryOf(schema as Parameters<typeof arbitraryOf>[0])

  test('every value survives encoding and decoding in the Confluent wire format', async () => {
    const codec = codecOf(schema)
    const encode = await codec.encoder('subject', schema)
    const decode = codec.decoder(schema)
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const bytes = encode(value)
        expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 1, 2]))
        const decoded = await decode(bytes)
        if (!decoded.ok) throw new Error(decoded.reason)
        const type = avsc.Type.forSchema(schema as avsc.Schema)
        expect(type.toString(decoded.value)).toBe(type.toString(value))
        expect(encode(decoded.value).equals(bytes)).toBe(true)
      }),
    )
  })

  test('decoding damaged bytes returns a reason or a value, and never throws', async () => {
    const codec = codecOf(schema)
    const encode = await codec.encoder('subject', schema)
    const decode = codec.decoder(schema)
    await fc.assert(
      fc.asyncProperty(values, fc.nat(), fc.nat(255), async (value, at, byte) => {
        const bytes = encode(value)
        const cut = await decode(bytes.subarray(0, at % bytes.length))
        expect(cut.ok).toBe(false)
        bytes[5 + (at % Math.max(1, bytes.length - 5))] = byte
        const changed = await decode(bytes)
        expect(changed.ok || changed.reason !== '').toBe(true)
      }),
    )
  })
})

test.each([
  [Buffer.alloc(0), 'only 0 bytes: no schema id'],
  [Buffer.from([0, 0, 0, 1]), 'only 4 bytes: no schema id'],
  [Buffer.from('{"eventId":"e1"}'), 'magic byte 123 instead of 0'],
  [Buffer.from([0, 0, 0, 0, 7, 0]), 'unknown schema id 7'],
  [Buffer.from([0, 0, 0, 1, 2, 4]), 'not readable by its schema: truncated buffer'],
])('decoding %o reports it as unreadable: %s', async (bytes, reason) => {
  const schema = readSchema(topics.messageEvents)
  expect(await codecOf(schema).decoder(schema)(bytes)).toEqual({ ok: false, reason })
})
