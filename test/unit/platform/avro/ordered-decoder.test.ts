import { expect, test } from 'vitest'
import type { Decoded } from '../../../../services/platform/avro/codec.ts'
import { OrderedDecoder } from '../../../../services/platform/avro/ordered-decoder.ts'

test('values and reasons are reported in the order of their records, also behind an unknown schema', async () => {
  const asked = Promise.withResolvers<Decoded<string>>()
  const decoder = new OrderedDecoder<string>((bytes) => {
    const text = bytes.toString()
    if (text === 'slow') return asked.promise
    return text.startsWith('bad') ? { ok: false, reason: `not ${text}` } : { ok: true, value: text }
  })
  const told: string[] = []
  for (const text of ['bad 1', 'a', 'slow', 'bad 2', 'b'])
    decoder.push(
      Buffer.from(text),
      (value) => told.push(value),
      (reason) => told.push(reason),
    )
  expect(told).toEqual(['not bad 1', 'a'])
  asked.resolve({ ok: false, reason: 'unknown schema id 7' })
  await decoder.done()
  expect(told).toEqual(['not bad 1', 'a', 'unknown schema id 7', 'not bad 2', 'b'])
})
