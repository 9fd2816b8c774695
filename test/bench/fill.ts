import type { Delivery } from '../../services/domain/delivery/delivery.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { partitions, type World } from './world.ts'

/** One business whose webhooks have one channel each. */
export const businessId = 'b'

export type WebhookTarget = { id: string; channel: string; url: string }

/** Names w0, w1, ... with the channels c0, c1, ... @param base URL of the receiver, before each path */
export function webhookTargets(count: number, base: string): WebhookTarget[] {
  return Array.from({ length: count }, (_unused, i) => ({ id: `w${i}`, channel: `c${i}`, url: `${base}/w${i}` }))
}

/** Writes their definitions as an operator would, and activates the account. */
export async function defineWebhooks(world: World, prefix: string, targets: WebhookTarget[]): Promise<void> {
  const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
  const topic = topicName(topics.webhookConfig, prefix)
  const account = topicName(topics.accountConfig, prefix)
  const value = JSON.stringify({ webhooksEnabled: true })
  const writes: Promise<unknown>[] = [world.producer.send({ topic: account, key: businessId, value, partition: 0 })]
  for (const { id, channel, url } of targets) {
    const definition = { id, businessId, name: id, url, channels: [channel], secret }
    writes.push(world.producer.send({ topic, key: id, value: JSON.stringify(definition), partition: 0 }))
  }
  await Promise.all(writes)
}

/** A JSON body of the given size. */
function bodyOf(bytes: number, index: number): Buffer {
  const head = `{"v":"1.1","type":"message","n":${index},"text":"`
  return Buffer.from(`${head}${'x'.repeat(Math.max(0, bytes - head.length - 2))}"}`)
}

export type FillOptions = {
  prefix: string
  deliveries: number
  webhooks: number
  contacts: number
  bodyBytes: number
  url: string
  /** Distinguishes the ids of several fillings; 0 if there is only one. */
  run?: number
}

/** Writes webhook definitions and deliveries for them, in the partitions of their webhooks. */
export async function fillDeliveries(world: World, options: FillOptions): Promise<void> {
  const { prefix, deliveries, webhooks, contacts, bodyBytes, url, run = 0 } = options
  await defineWebhooks(world, prefix, webhookTargets(webhooks, url))
  const encode = await world.encoder<Delivery>(topics.webhookDeliveries, prefix)
  const topic = topicName(topics.webhookDeliveries, prefix)
  let last: Promise<unknown> = Promise.resolve()
  for (let i = 0; i < deliveries; i++) {
    const webhook = i % webhooks
    const value = encode({
      deliveryId: deliveryId({ type: 'message', event: { eventId: `${prefix}${run}-${i}` } }, `w${webhook}`),
      webhookId: `w${webhook}`,
      businessId,
      eventId: `e${run}-${i}`,
      kind: 'message',
      chatChannelId: `c${webhook}`,
      contactId: `contact${i % contacts}`,
      body: bodyOf(bodyBytes, i),
      traceparent: null,
      createdAt: clock.nowMs(),
      definitionVersion: 1,
      definitionOffset: 0,
    })
    last = world.producer.send({ topic, key: `w${webhook}`, value, partition: webhook % partitions })
    if (i % 10_000 === 9_999) await last
  }
  await last
}
