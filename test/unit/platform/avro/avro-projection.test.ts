import { expect, test } from 'vitest'
import { avroType } from '../../../../services/platform/avro/avro.ts'
import { projection } from '../../../../services/platform/avro/avro-projection.ts'
import { readSchema } from '../../../../services/topics/schemas.ts'
import { topics } from '../../../../services/topics/topic-map.ts'
import { letter } from '../../admin/replay/replay-support.ts'

const whole = readSchema(topics.webhookDeadLetters)

test('a projection reads the fields it names, also within a record, and skips the rest', () => {
  const writer = avroType(whole)
  const reader = avroType(projection(whole, ['deadLetteredAt', 'delivery.deliveryId', 'delivery.createdAt']))
  const bytes = writer.toBuffer(letter('d1', 1_234))
  const read = reader.fromBuffer(bytes, reader.createResolver(writer))
  expect(JSON.parse(JSON.stringify(read))).toEqual({
    deadLetteredAt: 1_234,
    delivery: { deliveryId: 'd1', createdAt: 0 },
  })
})

test('a projection of a missing field is an error', () => {
  expect(() => projection(whole, ['delivery.id'])).toThrow('no field id')
  expect(() => projection(whole, ['reason.text'])).toThrow('no record that has the fields text')
})
