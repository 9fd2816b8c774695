import { expect, inject, test } from 'vitest'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import { until } from '../../deploy/local/process/until.ts'
import { type Notification, subjectOfEvent, subjectOfNotification } from '../../deploy/receiver/notification.ts'
import type { EventName } from '../../services/domain/definition/definition-values.ts'
import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, lanesOf, messageOf, startLoad } from '../support/load.ts'
import { startTestStack } from '../support/services.ts'
import { openCodec, openKafka, readValues } from '../support/topic-reader.ts'

const events = sized(50_000, 2_400)
const webhooks = 20
/** Channels that no webhook has: their events notify nobody. */
const deafChannels = 4
const contacts = 240
/** A webhook is blocked after more than 100 failures in ten minutes (contract.md, 1.9). */
const mostRefused = 90
const kinds: EventName[] = ['userMessages', 'botMessages', 'deliveredStatus', 'readStatus', 'variableChanges']

/** Kinds that webhook n selects: every combination, including none. */
const wantsOf = (webhook: number) =>
  Object.fromEntries([...kinds, 'operatorMessages'].map((kind, bit) => [kind, ((webhook * 11 + 5) >> bit) % 2 === 1]))

const kindOf = (number: number): EventName => kinds[number % kinds.length] ?? 'userMessages'

function eventOf(lane: LoadLane, number: number, businessId: string): HttpEvent {
  const event = messageOf(lane, number, businessId)
  if (event.type !== 'message') return event
  const { sessionCreationTime, customerCreationTime: _c, chatIdInChatPlatform: _i, messages, ...common } = event
  const [message] = messages
  const status = { ...common, type: 'status', statusChangeTime: sessionCreationTime, messageId: message?.id ?? '' }
  switch (kindOf(number)) {
    case 'deliveredStatus':
      return { ...status, status: 'delivered' } as HttpEvent
    case 'readStatus':
      return { ...status, status: 'read' } as HttpEvent
    case 'botMessages':
      return { ...event, messages: messages.map((one) => ({ ...one, from: 'bot' as const })) }
    case 'variableChanges':
      // Includes a user's message, so that webhooks that select either kind are notified.
      return { ...event, variables: { by: message?.id ?? '' } }
    default:
      return event
  }
}

function isWanted(webhook: number, number: number): boolean {
  const wants = wantsOf(webhook)
  const kind = kindOf(number)
  return Boolean(wants[kind]) || (kind === 'variableChanges' && Boolean(wants.userMessages))
}

/** A webhook that selects only variable changes gets no message that names the event. */
function subjectOf(notification: Notification): string {
  if (notification.type === 'message' && notification.messages.length === 0)
    return `message ${notification.variables?.by}`
  return subjectOfNotification(notification)
}

test(`without faults, each of ${events} events to ${webhooks} webhooks has exactly one final outcome`, {
  timeout: caseTimeoutMs,
}, async () => {
  const brokers = inject('brokers')
  const schemaRegistryUrl = inject('schemaRegistryUrl')
  await using world = await startTestStack({ brokers, schemaRegistryUrl })
  const channels = Array.from({ length: webhooks + deafChannels }, (_unused, n) => `${world.businessId}-${n}`)
  // A receiver on a busy machine is no fault.
  for (const [n, channel] of channels.slice(0, webhooks).entries())
    await world.defineWebhook(`/${n}`, [channel], { events: wantsOf(n), timeoutMs: 30_000 })
  // Every tenth answer is a final refusal, at each webhook as many as its breaker allows.
  for (let n = 0; n < webhooks; n++) {
    let requests = 0
    const status = () => (++requests % 10 === 0 && requests / 10 <= mostRefused ? 404 : 200)
    world.receiver.answer(`/${n}`, () => ({ kind: 'status', status: status() }))
  }
  await world.inForce()

  const lanes = lanesOf(channels, contacts)
  const eventsPerLane = Math.ceil(events / contacts)
  const options = { lanes, perSecond: 3_000, eventsPerLane, eventsPerRequest: 30, eventOf }
  const published = await startLoad(world, options).done

  // The sender's list says what is due; the system's own data are not used.
  const due = new Map<string, string>()
  for (const { event } of published) {
    const webhook = channels.indexOf(event.chatChannelId)
    const number = Number(event.eventId.split('-').at(-1))
    if (webhook < webhooks && isWanted(webhook, number)) due.set(subjectOfEvent(event), `/${webhook}`)
  }
  const { arrivals } = world.receiver
  await until(() => arrivals.length >= due.size, 60_000, systemClock)
  // Time for notifications that should not arrive.
  await systemClock.sleep(2_000)

  const seen = new Map<string, string>()
  for (const { path, notification } of arrivals) if (notification) seen.set(subjectOf(notification), path)
  const missing = [...due].filter(([subject, path]) => seen.get(subject) !== path)
  const extra = arrivals.length - (due.size - missing.length)
  const attempts = await readValues(
    openKafka(brokers),
    `${world.stack.topicPrefix}webhook-attempts`,
    openCodec(schemaRegistryUrl).decoder<Attempt>(readSchema(topics.webhookAttempts)),
  )
  const ids = new Set(arrivals.map(({ webhookId }) => webhookId))
  const finals = attempts.filter(({ decoded }) => ids.has(decoded.deliveryId) && decoded.next !== 'retry')
  figure(1, `${published.length} events, ${due.size} notifications due: missing ${missing.length}, extra ${extra}`)
  expect(due.size).toBeGreaterThan(published.length / 4)
  expect({ missing: missing.length, extra, faults: arrivals.filter(({ signature }) => signature !== 'valid') }).toEqual(
    {
      missing: 0,
      extra: 0,
      faults: [],
    },
  )
  expect([finals.length, new Set(finals.map(({ decoded }) => decoded.deliveryId)).size]).toEqual([due.size, due.size])
})
