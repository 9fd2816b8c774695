import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Event, MessageEvent, StatusEvent } from '../../domain/event/event.ts'
import { type Codec, mapDecode } from '../../platform/avro/codec.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { openTopicSource, type TopicSource } from '../records/webhook-records.ts'
import type { EventSources } from './event-search.ts'
import { type ChannelHead, openChannelHeads } from './seen-channels.ts'

/** Topics whose records show what became of an event. */
export type LookupTopics = {
  events: EventSources
  /** The part of message events that names their channel. */
  channels: TopicSource<ChannelHead>
  deliveries: TopicSource<Delivery>
  attempts: TopicSource<Attempt>
  deadLetters: TopicSource<DeadLetter>
  replays: TopicSource<PendingDelivery>
  parked: TopicSource<PendingDelivery>
  audit: TopicSource<AuditEntry>
}

export function openLookupTopics(codec: Codec, use: TopicUse): LookupTopics {
  const messages = openTopicSource<MessageEvent>(codec, use, topics.messageEvents)
  const statuses = openTopicSource<StatusEvent>(codec, use, topics.statusEvents)
  return {
    events: {
      message: toEvents(messages, (event) => ({ type: 'message', event })),
      status: toEvents(statuses, (event) => ({ type: 'status', event })),
    },
    channels: openChannelHeads(codec, use),
    deliveries: openTopicSource(codec, use, topics.webhookDeliveries),
    attempts: openTopicSource(codec, use, topics.webhookAttempts),
    deadLetters: openTopicSource(codec, use, topics.webhookDeadLetters),
    replays: openTopicSource(codec, use, topics.webhookReplays),
    parked: openTopicSource(codec, use, topics.webhookParked),
    audit: openTopicSource(codec, use, topics.webhookAudit),
  }
}

export function lookupTopicNames({ events, ...others }: LookupTopics): string[] {
  return [...new Set([...Object.values(events), ...Object.values(others)].map(({ topic }) => topic))]
}

function toEvents<T>({ topic, decode }: TopicSource<T>, wrap: (value: T) => Event): TopicSource<Event> {
  return { topic, decode: mapDecode(decode, (value) => ({ ok: true, value: wrap(value) })) }
}
