import { everyKind } from '../../services/domain/definition/definition-values.ts'
import type { Event, MessageEvent, StatusEvent } from '../../services/domain/event/event.ts'
import { avroType } from '../../services/platform/avro/avro.ts'
import { choosePartition } from '../../services/platform/kafka/partitioning/key-partition.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { sampleDefinition } from '../support/sample-definitions.ts'
import { message, messageEvent, statusEvent } from '../support/sample-events.ts'
import type { Fault, Plan, PlannedEvent, PlannedWebhook } from './plan.ts'
import { type OrderedReplay, orderReplay } from './replay.ts'
import type { Surroundings } from './services.ts'
import type { World } from './world.ts'

/** An event that Kafka has, in the order of its partition. */
export type PublishedEvent = { planned: PlannedEvent; event: Event; topic: string; partition: number; offset: number }

export type Published = {
  events: PublishedEvent[]
  editDefinition: (webhook: string) => void
  /** Replays ordered so far. */
  replays: OrderedReplay[]
  orderReplay: (order: Fault & { kind: 'replay' }) => void
}

export const businessId = 'business'

/** Writes definitions and accounts before the run, and events when the plan says. */
export function publish(plan: Plan, { cluster, registry }: Surroundings, world: World): Published {
  const put = (topic: string, key: string, value: Buffer) => {
    const log = cluster.log(topic, choosePartition(key, cluster.partitions(topic).length))
    const offset = log.append({
      key: Buffer.from(key),
      value,
      headers: {},
      timestampMs: Math.floor(world.nowMs),
      appendedMs: world.nowMs,
    })
    world.trace(`publish ${topic}/${log.partition} ${offset} ${key}`)
    return { partition: log.partition, offset }
  }
  const versions = new Map<string, number>()
  const define = (webhook: PlannedWebhook) => {
    const version = (versions.get(webhook.id) ?? 0) + 1
    versions.set(webhook.id, version)
    put('webhook-config', webhook.id, Buffer.from(JSON.stringify(definitionOf(webhook, version))))
  }
  put('account-config', businessId, Buffer.from(JSON.stringify({ businessId, webhooksEnabled: true })))
  for (const webhook of plan.webhooks) define(webhook)
  const events: PublishedEvent[] = []
  const replays: OrderedReplay[] = []
  for (const planned of plan.events)
    world.after(planned.atMs, () => {
      const event = eventOf(planned)
      const topic = event.type === 'message' ? topics.messageEvents : topics.statusEvents
      const value = encode(topic, registry.id(readSchema(topic), planned.version), event.event)
      events.push({
        planned,
        event,
        topic: topic.name,
        ...put(topic.name, `${planned.channel}:${planned.contact}`, value),
      })
    })
  return {
    events,
    editDefinition: (id) => {
      const webhook = plan.webhooks.find((each) => each.id === id)
      if (webhook) define(webhook)
    },
    replays,
    orderReplay: (order) => {
      const schemaId = registry.id(readSchema(topics.webhookReplays), 0)
      const write = (value: unknown) =>
        put(topics.webhookReplays.name, order.webhook, encode(topics.webhookReplays, schemaId, value))
      replays.push(orderReplay(order, cluster, replays, write))
    },
  }
}

export function encode(topic: Topic, schemaId: number, value: unknown): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(schemaId, 1)
  return Buffer.concat([header, avroType(readSchema(topic)).toBuffer(value)])
}

function definitionOf({ id, ...webhook }: PlannedWebhook, version: number) {
  return sampleDefinition({
    id,
    businessId,
    url: `https://${id.replace('_', '-')}.example/hook`,
    events: everyKind,
    secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    ...webhook,
    version,
  })
}

function eventOf({ id, channel, contact, kind, size, readOf }: PlannedEvent): Event {
  const ids = { eventId: id, businessId, chatChannelId: channel, contactId: contact }
  return kind === 'message'
    ? messageEvent({ ...ids, messages: [message({ id, message: 'x'.repeat(size) })] } as Partial<MessageEvent>)
    : statusEvent({ ...ids, messageId: readOf ?? id, status: readOf ? 'read' : 'delivered' } as Partial<StatusEvent>)
}
