import { Registry } from 'prom-client'
import type { DeadLetter, Delivery } from '../../services/domain/delivery/delivery.ts'
import type { MessageEvent, StatusEvent } from '../../services/domain/event/event.ts'
import { decide } from '../../services/formatter/decide-notification.ts'
import { createFormatterMetrics } from '../../services/formatter/metrics.ts'
import { Output } from '../../services/formatter/output.ts'
import { FormatterStage } from '../../services/formatter/stage.ts'
import { avroType } from '../../services/platform/avro/avro.ts'
import type { Decoded } from '../../services/platform/avro/codec.ts'
import type { Assignment, Commit, ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { RecordFaults } from '../../services/platform/runtime/record-faults.ts'
import { messageSource, originOf, statusSource } from '../../services/topics/events/event-source.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { definition } from '../unit/formatter/samples.ts'
import { producerOf } from './refusing-producer.ts'

type EventRecord = Pick<ConsumedRecord, 'value'> & Partial<ConsumedRecord>

/** The formatter from the bytes of a record to the bytes that it writes, without Kafka and registry. */
export type FormatterWorld = {
  /** Takes one record of message-events or status-events. Resolves when its offset is finished. */
  take(topic: string, record: EventRecord): Promise<void>
  readonly deliveries: Delivery[]
  readonly letters: DeadLetter[]
  readonly commits: Commit[]
  /** Errors that would have ended the process. */
  readonly failed: unknown[]
  forget(): void
}

const types = new Map<Topic, ReturnType<typeof avroType>>()

export function typeOf(topic: Topic): ReturnType<typeof avroType> {
  const known = types.get(topic) ?? avroType(readSchema(topic))
  types.set(topic, known)
  return known
}

/** Reads a value as Codec does when its schema is known. */
function decoder<T>(topic: Topic): (bytes: Buffer) => Decoded<T> {
  return (bytes) => {
    try {
      return { ok: true, value: typeOf(topic).fromBuffer(bytes) as T }
    } catch (error) {
      return { ok: false, reason: String(error) }
    }
  }
}

const assignment: Assignment = { partitions: new Map(), current: true, fresh: true }

/** Every channel belongs to a webhook of the event's business that selects every kind. */
export function createFormatterWorld(): FormatterWorld {
  const deliveries: Delivery[] = []
  const letters: DeadLetter[] = []
  const commits: Commit[] = []
  const failed: unknown[] = []
  const output = new Output({
    producer: producerOf(async ({ topic, value }) => {
      const bytes = value as Buffer
      if (topic === 'deliveries') deliveries.push(typeOf(topics.webhookDeliveries).fromBuffer(bytes) as Delivery)
      else letters.push(typeOf(topics.webhookDeadLetters).fromBuffer(bytes) as DeadLetter)
      return { offset: 0 }
    }),
    deliveries: { topic: 'deliveries', encode: (delivery) => typeOf(topics.webhookDeliveries).toBuffer(delivery) },
    deadLetters: {
      topic: 'letters',
      encode: (letter) => typeOf(topics.webhookDeadLetters).toBuffer(letter),
      partitions: 12,
    },
    nowMs: () => 0,
  })
  const stage = new FormatterStage({
    sources: new Map([
      ['message-events', messageSource(decoder<MessageEvent>(topics.messageEvents))],
      ['status-events', statusSource(decoder<StatusEvent>(topics.statusEvents))],
    ]),
    decide: (event, record) =>
      decide(
        event,
        {
          findOwner: (businessId) => ({ definition: definition({ businessId }), offset: 1 }),
          account: () => ({ webhooksEnabled: true }),
        },
        originOf(record),
        0,
      ),
    output,
    faults: new RecordFaults({
      clock: { sleep: async () => {} },
      log: { error: () => {} } as never,
      fail: (error) => failed.push(error),
    }),
    observe: () => {},
    hasRoom: () => true,
    finished: (_assignment, commit) => commits.push(commit),
    patience: { wait: (coming) => coming },
    unreadable: () => {},
    metrics: createFormatterMetrics([new Registry()]),
    stopping: new AbortController().signal,
  })
  let offset = 0
  return {
    deliveries,
    letters,
    commits,
    failed,
    async take(topic, record) {
      const partition = 0
      const key = Buffer.from('key')
      const full = { topic, partition, offset: offset++, key, headers: {}, timestampMs: 0, ...record }
      const place = { topic, partition, assignment, highWatermark: offset, nextOffset: offset }
      await stage.takeBatch({ ...place, records: [full] })
      await stage.drain()
    },
    forget() {
      for (const list of [deliveries, letters, commits]) list.length = 0
    },
  }
}
