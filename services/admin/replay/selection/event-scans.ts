import type { Event, MessageEvent, StatusEvent } from '../../../domain/event/event.ts'
import { projection } from '../../../platform/avro/avro-projection.ts'
import type { Codec, Decode } from '../../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../../platform/avro/ordered-decoder.ts'
import { type EventSource, messageSource, originOf, statusSource } from '../../../topics/events/event-source.ts'
import type { EventOrigin } from '../../../topics/events/new-delivery.ts'
import { readSchema } from '../../../topics/schemas.ts'
import { topics } from '../../../topics/topic-map.ts'
import type { TopicUse } from '../../../topics/topic-use.ts'
import type { Reader } from '../../records/webhook-records.ts'
import type { RecordPlace } from '../replay-topics.ts'

/** Fields of an event that decide whose it is. The rest is decoded only for those that may be meant. */
export type EventHead = Pick<MessageEvent & StatusEvent, 'businessId' | 'chatChannelId'>
export type PublishedEvent = { event: Event; origin: EventOrigin }

/** One partition of message-events or status-events. */
export type EventPartition = { type: Event['type']; partition: number }

/** Times of records from sinceMs and before untilMs. */
export type EventPeriod = { sinceMs: number; untilMs: number }

/** Reads events of all partitions, which a back-fill selects from. */
export type EventScans = {
  /** The formatter's commits. What it has not finished may still become a notification by itself. */
  formatted(): Promise<Formatted>
  /** The events of the period that the formatter has finished, in the order of each partition. */
  events(
    formatted: Formatted,
    period: EventPeriod,
    isMeant: (head: EventHead) => boolean,
    onEvent: (read: PublishedEvent, source: EventPartition, place: RecordPlace) => void,
  ): Promise<void>
  /** Events at the wanted offsets in the range from <= offset < to. */
  readEvents(
    source: EventPartition,
    range: { from: number; to: number },
    wanted: (offset: number) => boolean,
    onEvent: (read: PublishedEvent, offset: number) => void,
  ): Promise<void>
}

/** Topic -> partition -> offset up to which the formatter has finished its events. */
export type Formatted = ReadonlyMap<string, ReadonlyMap<number, { offset: number }>>

type EventTopic = { topic: string; source: EventSource; head: Decode<EventHead> }
export type EventTopics = Record<Event['type'], EventTopic>

const eventTopics = [topics.messageEvents, topics.statusEvents]
const headFields = ['businessId', 'chatChannelId'] satisfies (keyof EventHead)[]

export function eventTopicNames(use: TopicUse): string[] {
  return eventTopics.map((topic) => use.read(topic))
}

export function openEventTopics(codec: Codec, use: TopicUse): EventTopics {
  const schemas = { message: readSchema(topics.messageEvents), status: readSchema(topics.statusEvents) }
  const head = (type: Event['type']) => codec.decoder<EventHead>(projection(schemas[type], headFields))
  const message = messageSource(codec.decoder<MessageEvent>(schemas.message))
  const status = statusSource(codec.decoder<StatusEvent>(schemas.status))
  return {
    message: { topic: use.read(topics.messageEvents), source: message, head: head('message') },
    status: { topic: use.read(topics.statusEvents), source: status, head: head('status') },
  }
}

export function eventScans(reader: Reader, open: EventTopics, formatted: () => Promise<Formatted>): EventScans {
  return {
    formatted,
    async events(finished, { sinceMs, untilMs }, isMeant, onEvent) {
      for (const type of ['message', 'status'] as const) {
        const { topic, source, head } = open[type]
        const [starts, ends] = [await reader.offsetsAt(topic, sinceMs), await reader.offsetsAt(topic, untilMs)]
        const read = async (partition: number, from: number, to: number) => {
          const eventPartition = { type, partition }
          const [heads, whole] = [new OrderedDecoder(head), new OrderedDecoder(source.read)]
          await reader.read(topic, partition, from, to, (record) => {
            const { value, offset } = record
            const origin = originOf(record)
            const atMs = origin.publishedAt ?? 0
            if (!value || atMs < sinceMs || atMs >= untilMs) return
            const found = (event: Event) => onEvent({ event, origin }, eventPartition, { offset, bytes: value.length })
            heads.push(value, (decoded) => isMeant(decoded) && whole.push(value, found, ignore), ignore)
          })
          await heads.done()
          await whole.done()
        }
        // One after another: the pool allows a business one scan at a time.
        for (const [partition, from] of starts) {
          const to = Math.min(ends.get(partition) ?? 0, finished.get(topic)?.get(partition)?.offset ?? 0)
          if (from < to) await read(partition, from, to)
        }
      }
    },
    async readEvents({ type, partition }, { from, to }, wanted, onEvent) {
      const { topic, source } = open[type]
      const whole = new OrderedDecoder(source.read)
      await reader.read(topic, partition, from, to, (record) => {
        const { value, offset } = record
        if (!value || !wanted(offset)) return
        const origin = originOf(record)
        whole.push(value, (event) => onEvent({ event, origin }, offset), ignore)
      })
      await whole.done()
    },
  }
}

/** The formatter has made it a dead letter. */
function ignore(): void {}
