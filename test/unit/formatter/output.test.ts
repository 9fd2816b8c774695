import { expect, test } from 'vitest'
import type { DeadLetter, Delivery } from '../../../services/domain/delivery/delivery.ts'
import { decide } from '../../../services/formatter/decide-notification.ts'
import { Output } from '../../../services/formatter/output.ts'
import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import { type OutgoingRecord, RecordRefused } from '../../../services/platform/kafka/produce/producer.ts'
import { producerOf } from '../../support/refusing-producer.ts'
import { messageEvent } from '../../support/sample-events.ts'
import { definition } from './samples.ts'

type Sent = { topic: string; key: OutgoingRecord['key']; partition?: number; value: Delivery | DeadLetter }

/** An output to a Kafka that accepts what `takes` says; values stay objects. */
function outputTo(takes: (sent: Sent) => boolean) {
  const log: Sent[] = []
  const values: (Delivery | DeadLetter)[] = []
  const encode = (value: Delivery | DeadLetter) => Buffer.from(String(values.push(value) - 1))
  const output = new Output({
    producer: producerOf(async ({ topic, key, partition, value }) => {
      const sent = {
        topic,
        key,
        ...(partition === undefined ? {} : { partition }),
        value: values[Number(value)] as Delivery,
      }
      if (!takes(sent)) throw new RecordRefused('too large')
      log.push(sent)
      return { offset: log.length - 1 }
    }),
    deliveries: { topic: 'deliveries', encode },
    deadLetters: { topic: 'dead', encode, partitions: 4 },
    nowMs: () => 77,
  })
  return { output, log }
}

function record(key: Buffer | null = Buffer.from('c1:u1'), partition = 6): ConsumedRecord {
  return { topic: 'events', partition, offset: 9, key, value: Buffer.from('bytes'), headers: {}, timestampMs: 0 }
}

function delivery(): Delivery {
  const tables = {
    findOwner: () => ({ definition: definition(), offset: 1 }),
    account: () => ({ webhooksEnabled: true }),
  }
  const decision = decide(messageEvent(), tables, { traceparent: null, publishedAt: null }, 5)
  if (decision.kind !== 'deliver') throw new Error('the sample is to be delivered')
  return decision.delivery
}

const isLetter = (value: Sent['value']): value is DeadLetter => 'reason' in value

test("a delivery is written to its topic under its webhook's id", async () => {
  const { output, log } = outputTo(() => true)
  const value = delivery()
  expect(await output.deliver(record(), value)).toBe('delivered')
  expect(log).toEqual([{ topic: 'deliveries', key: 'wh1', value }])
})

test.each<[string, (letter: DeadLetter) => boolean, Partial<DeadLetter>, { key: Buffer | null; value: Buffer | null }]>(
  [
    ['whole, where dead letters may be that large', () => true, { delivery: delivery() }, { key: null, value: null }],
    [
      "as the event's bytes, where the notification does not fit",
      (letter) => letter.delivery === null,
      { delivery: null },
      { key: Buffer.from('c1:u1'), value: Buffer.from('bytes') },
    ],
    [
      'as a place in Kafka, where nothing fits',
      (letter) => letter.delivery === null && letter.source.value === null,
      { delivery: null },
      { key: null, value: null },
    ],
  ],
)('a delivery that Kafka refuses is kept %s', async (_how, fits, expected, bytes) => {
  const { output, log } = outputTo(({ value }) => isLetter(value) && fits(value))
  expect(await output.deliver(record(), delivery())).toBe('oversize')
  expect(log).toHaveLength(1)
  expect(log[0]).toMatchObject({
    topic: 'dead',
    key: 'wh1',
    value: {
      reason: 'oversize',
      deadLetteredAt: 77,
      ...expected,
      source: { topic: 'events', partition: 6, offset: 9, ...bytes },
    },
  })
})

test.each([
  ['its own key', Buffer.from([0xff, 0]), { key: Buffer.from([0xff, 0]) }],
  ['its own partition number, if there is such a partition', null, { key: null, partition: 2 }],
])('an unreadable record becomes a dead letter with its bytes, under %s', async (_how, key, place) => {
  const { output, log } = outputTo(() => true)
  await output.setAside('unreadable', record(key), 'magic byte 7 instead of 0')
  expect(log).toEqual([
    {
      topic: 'dead',
      ...place,
      value: {
        reason: 'unreadable',
        detail: 'magic byte 7 instead of 0',
        deadLetteredAt: 77,
        delivery: null,
        attempts: [],
        source: { topic: 'events', partition: 6, offset: 9, key, value: Buffer.from('bytes') },
      },
    },
  ])
})

test('an unreadable record too large even for a dead letter leaves its position', async () => {
  const { output, log } = outputTo(({ value }) => isLetter(value) && value.source.value === null)
  await output.setAside('unreadable', record(), 'why')
  expect(log).toMatchObject([
    { value: { detail: 'why (too large to be kept here)', source: { topic: 'events', offset: 9, value: null } } },
  ])
})

test('a notification over 256 KiB is not sent, and its bytes are kept', async () => {
  const { output, log } = outputTo(() => true)
  const at = (bytes: number): Delivery => ({ ...delivery(), body: Buffer.alloc(bytes, 'x') })
  expect(await output.deliver(record(), at(262_144))).toBe('delivered')
  expect(await output.deliver(record(), at(262_145))).toBe('oversize')
  expect(log.map(({ topic }) => topic)).toEqual(['deliveries', 'dead'])
  expect(log[1]).toMatchObject({ key: 'wh1', value: { reason: 'oversize', delivery: { body: at(262_145).body } } })
})
