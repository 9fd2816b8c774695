import { expect, test } from 'vitest'
import type { WantedEvents } from '../../services/domain/definition/definition.ts'
import type { Attempt, Delivery, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import { eventKey, type MessageEvent } from '../../services/domain/event/event.ts'
import { formatBody } from '../../services/domain/event/notification-body.ts'
import { avroType } from '../../services/platform/avro/avro.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { readDocument } from '../support/documents.ts'
import { answeredAttempt } from '../support/sample-attempts.ts'
import { atMs, message } from '../support/sample-events.ts'

/** The bytes that one event takes in Kafka, as docs/operating/sizing.md says. */

/** Five bytes of the wire format; key and value have a length, and the record has offset, time and its own length. */
const overhead = { wire: 5, record: 12 }
const uuid = '6b2f0a3e-6a52-4c0f-9b62-0d1c8c6a9f11'
const webhookId = 'wh_0123456789abcdef01234567'
const wanted: WantedEvents = {
  botMessages: true,
  userMessages: true,
  operatorMessages: true,
  deliveredStatus: true,
  readStatus: true,
  variableChanges: true,
}

const event: MessageEvent = {
  eventId: uuid,
  businessId: 'panaderia-del-sol',
  chatPlatform: 'whatsapp',
  chatChannelId: 'panaderia-del-sol-whatsapp-5491133334444',
  contactId: '5491155556666',
  whatsappNumber: '5491133334444',
  chatIdInChatPlatform: null,
  customerId: uuid,
  firstName: 'Ana',
  lastName: 'Lima',
  customerCreationTime: atMs,
  sessionCreationTime: atMs,
  messages: [message({ id: uuid, message: 'x'.repeat(200) })],
  variables: {},
}
const body = formatBody({ type: 'message', event }, wanted) ?? Buffer.alloc(0)
const ids = { deliveryId: `msg_${'d'.repeat(43)}`, webhookId, businessId: event.businessId, eventId: uuid } as const
const place = { kind: 'message', chatChannelId: event.chatChannelId, contactId: event.contactId } as const
const delivery: Delivery = {
  ...ids,
  ...place,
  body,
  traceparent: null,
  createdAt: atMs,
  definitionVersion: 3,
  definitionOffset: 50_000,
}
const attempt: Attempt = {
  ...answeredAttempt,
  ...ids,
  ...place,
  startedAt: atMs,
  deliveryCreatedAt: atMs,
  sourceOffset: 1e9,
}
const failed = {
  attempt: 1,
  startedAt: atMs,
  latencyMs: 12,
  outcome: 'error',
  cause: '5xx',
  status: 503,
  responseExcerpt: 'Service Unavailable',
} as const
const pending: PendingDelivery = {
  delivery,
  attempts: Array.from({ length: 4 }, () => failed),
  dueAt: atMs,
  why: 'retry',
  replayId: null,
  parkedSince: null,
}

/** A record of a topic, to ten bytes. */
function recordBytes(topic: Topic, key: string, value: object): number {
  const bytes = avroType(readSchema(topic)).toBuffer(value).length + key.length + overhead.wire + overhead.record
  return Math.round(bytes / 10) * 10
}

test('docs/operating/sizing.md says how many bytes an event takes in each topic', () => {
  const measured = new Map([
    ['message-events', recordBytes(topics.messageEvents, eventKey(event), event)],
    ['webhook-deliveries', recordBytes(topics.webhookDeliveries, webhookId, delivery)],
    ['webhook-attempts', recordBytes(topics.webhookAttempts, webhookId, attempt)],
    ['webhook-retries-1m', recordBytes(topics.webhookRetries1m, webhookId, pending)],
  ])
  const rows = readDocument('docs/operating/sizing.md').matchAll(/^\| `([\w-]+)` \| ([\d,]+) bytes \|/gm)
  const said = new Map([...rows].map(([, topic = '', bytes = '']) => [topic, Number(bytes.replace(',', ''))]))
  expect(body.length).toBeGreaterThan(650)
  expect(body.length).toBeLessThan(750)
  expect(said).toEqual(measured)
})
