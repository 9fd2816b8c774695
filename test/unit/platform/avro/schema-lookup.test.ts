import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { Codec } from '../../../../services/platform/avro/codec.ts'
import type { FoundSchema, Registry } from '../../../../services/platform/avro/registry.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'

const schema = { type: 'record', name: 'Note', namespace: 'hookline', fields: [{ name: 'text', type: 'string' }] }
const other = { ...schema, fields: [...schema.fields, { name: 'more', type: 'string', default: '' }] }
const found = (what: object): FoundSchema => ({ kind: 'avro', schema: what, references: [] })
const ownId = 3
const otherId = 4

/** A registry with two schemas, and a clock that advances only while something sleeps. */
function world() {
  let nowMs = 0
  const asked: number[] = []
  let answer: (id: number) => FoundSchema = () => ({ kind: 'unknown' })
  const has = (id: number) => (id === ownId ? found(schema) : id === otherId ? found(other) : answer(id))
  let underway = 0
  let mostUnderway = 0
  const behind = { away: null as Error | null, forgetful: false }
  const registry: Registry = {
    findId: async () => ownId,
    async findSchema(id) {
      asked.push(id)
      mostUnderway = Math.max(mostUnderway, ++underway)
      await Promise.resolve()
      underway--
      if (behind.away) throw behind.away
      return behind.forgetful ? { kind: 'unknown' } : has(id)
    },
  }
  const clock = {
    ...systemClock,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0,
    async sleep(ms: number) {
      const untilMs = nowMs + ms
      await Promise.resolve()
      nowMs = Math.max(nowMs, untilMs)
      onSleep()
    },
  }
  let onSleep: () => void = () => undefined
  const codec = new Codec(registry, { log: pino({ level: 'silent' }), clock, readiness: new Readiness() })
  return {
    codec,
    asked,
    behind,
    now: () => nowMs,
    mostUnderway: () => mostUnderway,
    pass: (ms: number) => {
      nowMs += ms
    },
    answer: (next: typeof answer) => {
      answer = next
    },
    onSleep: (next: () => void) => {
      onSleep = next
    },
  }
}

/** "hi" in the wire format. */
function bytesOf(id: number): Buffer {
  const bytes = Buffer.from([0, 0, 0, 0, 0, 4, 0x68, 0x69])
  bytes.writeInt32BE(id, 1)
  return bytes
}
const hi = { ok: true, value: { text: 'hi' } }

describe('our own schemas', () => {
  test('our own schema is known to every decoder without a request, including earlier ones', async () => {
    const { codec, asked } = world()
    const before = codec.decoder(schema)
    await codec.learn('notes-value', schema)
    expect(before(bytesOf(ownId))).toMatchObject(hi)
    expect(codec.decoder(schema)(bytesOf(ownId))).toMatchObject(hi)
    expect(asked).toEqual([])
  })

  test('our own schema stays known while the registry answers nonsense', async () => {
    const { codec, behind } = world()
    const encode = await codec.encoder<{ text: string }>('notes-value', schema)
    behind.away = new Error('status 404 with text/html')
    expect(codec.decoder(schema)(encode({ text: 'hi' }))).toMatchObject(hi)
  })
})

describe('unknown ids', () => {
  test('an unknown id is requested once, however many records wait for it', async () => {
    const { codec, asked } = world()
    const decode = codec.decoder<{ text: string }>(schema)
    const bytes = Buffer.concat([bytesOf(otherId), Buffer.from([0])])
    expect(await Promise.all(Array.from({ length: 50 }, () => decode(bytes)))).toMatchObject(Array(50).fill(hi))
    expect(decode(bytes)).toMatchObject(hi)
    expect(asked).toEqual([otherId])
  })

  test('a record with an unknown id waits until the registry itself answers, and is not unreadable before that', async () => {
    const { codec, behind, onSleep, now } = world()
    await codec.learn('notes-value', schema)
    const decode = codec.decoder(schema)
    behind.away = new Error('status 404 with text/html instead of JSON')
    onSleep(() => {
      if (now() > 60_000) behind.away = null
    })
    expect(await decode(Buffer.concat([bytesOf(otherId), Buffer.from([0])]))).toMatchObject(hi)
    expect(now()).toBeGreaterThan(60_000)
  })

  test('a record with an unknown id is unreadable after the registry has not known it for some seconds', async () => {
    const { codec, asked, now } = world()
    await codec.learn('notes-value', schema)
    expect(await codec.decoder(schema)(bytesOf(7))).toEqual({ ok: false, reason: 'unknown schema id 7' })
    expect(now()).toBeGreaterThanOrEqual(2_500)
    expect(asked.filter((id) => id === 7).length).toBeGreaterThanOrEqual(5)
  })

  test('a record with an unknown id is read when a later request finds the schema', async () => {
    const { codec, answer, onSleep, now } = world()
    onSleep(() => {
      if (now() >= 1_500) answer(() => found(schema))
    })
    expect(await codec.decoder(schema)(bytesOf(9))).toMatchObject(hi)
  })

  test('a record with an unknown id waits while the registry does not have our own schema either', async () => {
    const { codec, behind, onSleep, now } = world()
    await codec.learn('notes-value', schema)
    behind.forgetful = true
    onSleep(() => {
      if (now() > 60_000) behind.forgetful = false
    })
    const decode = codec.decoder(schema)
    expect(await decode(Buffer.concat([bytesOf(otherId), Buffer.from([0])]))).toMatchObject(hi)
    expect(now()).toBeGreaterThan(60_000)
  })

  test.each<[string, FoundSchema, string]>([
    ['a schema of another kind', { kind: 'unusable', reason: 'is JSON, not Avro' }, 'schema 7 is JSON, not Avro'],
    ['a schema that is no Avro', found({ type: 'nonsense' }), 'schema 7: unknown type: "nonsense"'],
    ['a schema that does not fit', found({ ...schema, fields: [] }), 'schema 7 does not fit'],
  ])('a record with %s is unreadable, and its schema is not requested with each record', async (_what, has, reason) => {
    const { codec, answer, asked } = world()
    answer(() => has)
    const decode = codec.decoder(schema)
    const first = await decode(bytesOf(7))
    expect(first.ok ? '' : first.reason).toContain(reason)
    const count = asked.length
    for (let n = 0; n < 100; n++) expect(decode(bytesOf(7))).toEqual(first)
    expect(asked).toHaveLength(count)
  })

  test('a negative schema id is refused', async () => {
    const { codec, asked } = world()
    expect(codec.decoder(schema)(bytesOf(-2))).toEqual({ ok: false, reason: 'schema id -2 is below 0' })
    expect(asked).toEqual([])
  })
})

describe('many records that are not Avro of ours', () => {
  test('2,000 unknown ids of eight bytes cause a handful of requests, and another one half a minute later', async () => {
    const { codec, asked, pass } = world()
    await codec.learn('notes-value', schema)
    const decode = codec.decoder(schema)
    const record = (n: number) => Buffer.from([0, 0, 0, 0, 0, 0, 0, n >> 8, n & 255, 4, 0x68, 0x69])
    for (let n = 0; n < 2_000; n++) await decode(record(n))
    expect(asked.length).toBeLessThan(20)
    const before = asked.filter((id) => id === 0).length
    pass(31_000)
    await decode(record(1))
    await decode(record(2))
    expect(asked.filter((id) => id === 0)).toHaveLength(before + 1)
  })

  test('2,000 different unknown ids are requested concurrently, mostly once, and delay the record behind them by seconds at most', async () => {
    const { codec, asked, now, mostUnderway } = world()
    await codec.learn('notes-value', schema)
    const decode = codec.decoder(schema)
    const records = Array.from({ length: 2_000 }, (_unused, n) => ({ value: bytesOf(1_000 + n) }))
    for (const { value } of records) await decode(value, records)
    expect(asked.length).toBeLessThan(2_100)
    expect(mostUnderway()).toBeGreaterThan(4)
    expect(mostUnderway()).toBeLessThanOrEqual(8)
    expect(now()).toBeLessThan(10_000)
  })
})
