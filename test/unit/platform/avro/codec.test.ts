import { pino } from 'pino'
import { expect, test } from 'vitest'
import { avroType } from '../../../../services/platform/avro/avro.ts'
import { Codec } from '../../../../services/platform/avro/codec.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'

const schema = { type: 'record', name: 'Body', fields: [{ name: 'body', type: 'bytes' }] }

async function encoder() {
  const registry = { findId: async () => 258 }
  const clock = { ...systemClock, nowMs: () => 0, monotonicMs: () => 0, random: () => 0, sleep: async () => undefined }
  const codec = new Codec(registry as never, { log: pino({ level: 'silent' }), clock, readiness: new Readiness() })
  return codec.encoder<{ body: Buffer }>('body-value', schema)
}

test.each([0, 1, 700, 4_088, 4_089, 4_090, 4_096, 300_000])(
  'an encoded value with %d bytes is complete',
  async (length) => {
    const encode = await encoder()
    const body = Buffer.alloc(length, 'x')
    const encoded = encode({ body })
    expect(encoded.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 1, 2]))
    expect(encoded.subarray(5).equals(avroType(schema).toBuffer({ body }))).toBe(true)
  },
)

test('an encoded value is not changed by later ones', async () => {
  const encode = await encoder()
  const first = encode({ body: Buffer.from('first') })
  const copy = Buffer.from(first)
  encode({ body: Buffer.from('other') })
  expect(first).toEqual(copy)
})

test('a value that does not fit its schema is refused', async () => {
  const encode = await encoder()
  expect(() => encode({ body: 'text' } as never)).toThrow('invalid')
})
