import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { lanesOf, messageOf, publish, startLoad } from '../support/load.ts'

/** Events of each kind of reason. */
const eventsEach = sized(500, 20)
const contacts = 5
const ratePerSecond = sized(200, 100)
const waitMs = sized(120_000, 60_000)

type Answer = { replayId: string; count: number }

test('a back-fill sends exactly the events that a webhook did not get, once, with the ids of live traffic', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 1, contacts })
  const { admin, receiver, businessId, channels } = world
  const [own = ''] = channels
  const [webhookPath = ''] = world.webhookPaths
  const webhookId = webhookPath.slice(webhookPath.lastIndexOf('/') + 1)
  const skipped: HttpEvent[] = []
  /** Publishes messages and, of each fifth one, a status, to a channel whose events no webhook gets. */
  const publishSkipped = async (channel: string, business = businessId, remember = skipped) => {
    const lanes = lanesOf([channel], contacts)
    const events = Array.from({ length: eventsEach }, (_unused, index) => {
      const lane = lanes[index % contacts] ?? { channel, contactId: 'ana' }
      const message = messageOf(lane, `skipped-${index}`, business)
      return index % 5 === 4 ? statusOf(message) : message
    })
    await publish(world, events)
    remember.push(...events)
  }
  const patch = (json: object, path = webhookPath) => admin.http.patch(path, { json, headers: { 'if-match': '*' } })
  const backFill = (json: object = {}, path = webhookPath) =>
    admin.http.post(`${path}/replay`, { json: { skipped: true, ratePerSecond, ...json } }).json<Answer>()
  const countSkipped = async (path = webhookPath) => (await backFill({ dryRun: true }, path)).count
  const arrived = (id: string) => receiver.arrivals.filter((arrival) => arrival.webhookId === id)

  // Reason: the webhook is not connected to this channel yet.
  await publishSkipped(`${own}-later`)
  // Reason: the webhook is off.
  await patch({ enabled: false, channels: [own, `${own}-later`] })
  await world.inForce()
  await publishSkipped(own)
  expect(await until(async () => (await countSkipped()) === skipped.length, waitMs, systemClock)).toBe(true)
  await patch({ enabled: true })
  await world.inForce()
  const load = startLoad(world, { lanes: world.lanes, perSecond: 50 })
  expect(await until(() => receiver.arrivals.length > 20, waitMs, systemClock), 'live traffic arrives').toBe(true)
  expect(await countSkipped()).toBe(skipped.length)

  const { replayId, count } = await backFill()
  expect(count).toBe(skipped.length)
  const ids = skipped.map((event) => idOf(event, webhookId))
  await until(() => ids.every((id) => arrived(id).length > 0), waitMs, systemClock)
  const again = await backFill()
  const live = await load.stop()
  await world.arrived(live, waitMs)
  await systemClock.sleep(1_000)
  const missing = ids.filter((id) => arrived(id).length === 0)
  const repeated = receiver.arrivals.length - new Set(receiver.arrivals.map((arrival) => arrival.webhookId)).size
  figure(
    62,
    `${skipped.length} events not sent, ${live.length} live beside them: back-filled ${count}, missing ${missing.length}, repeated ${repeated}, by a second back-fill ${again.count}`,
  )
  expect(missing).toEqual([])
  expect(repeated).toBe(0)
  expect(again.count).toBe(0)
  expect(receiver.arrivals).toHaveLength(skipped.length + live.length)
  expect(ordersOf(receiver.arrivals, ids)).toEqual([...ordersOf(receiver.arrivals, ids)].sort((a, b) => a - b))
  const progress = () => admin.http.get(`${webhookPath}/replay/${replayId}`).json()
  await expect.poll(progress).toMatchObject({ count, waiting: 0, retrying: 0 })

  // Reasons: the business was not activated, and the webhook did not exist.
  const other = `${businessId}-other`
  const others: HttpEvent[] = []
  await publishSkipped('other', other, others)
  await admin.activate(other)
  const { id } = await admin.defineWebhook(other, {
    name: 'New',
    url: `${receiver.url}/new`,
    channels: ['other'],
    timeoutMs: 30_000,
  })
  const otherPath = `businesses/${other}/webhooks/${id}`
  expect(await until(async () => (await countSkipped(otherPath)) === others.length, waitMs, systemClock)).toBe(true)
  await backFill({}, otherPath)
  const otherIds = others.map((event) => idOf(event, id))
  await until(() => otherIds.every((one) => arrived(one).length > 0), waitMs, systemClock)
  expect(otherIds.filter((one) => arrived(one).length !== 1)).toEqual([])
})

function statusOf(message: HttpEvent): HttpEvent {
  const { eventId, businessId, chatPlatform, chatChannelId, contactId, customerId } = message
  const place = { eventId, businessId, chatPlatform, chatChannelId, contactId, customerId }
  return { type: 'status', ...place, status: 'read', statusChangeTime: '2026-03-01T12:00:01.000Z', messageId: eventId }
}

/** The webhook-id by docs/reference/contract.md, computed once more. */
function idOf(event: HttpEvent, webhookId: string): string {
  const parts = [event.eventId, webhookId, ...(event.type === 'status' ? [event.status] : [])]
  return `msg_${hash('sha256', JSON.stringify(parts), 'base64url')}`
}

/** Places in `ids` of what arrived for each contact, in the order of arrival. */
function ordersOf(arrivals: { webhookId: string; body: Buffer }[], ids: string[]): number[] {
  const ofContact = arrivals.filter(
    ({ body }) => (JSON.parse(body.toString()) as { contactId: string }).contactId === 'contact-0',
  )
  const ofChannel = ids.slice(eventsEach)
  return ofContact.map(({ webhookId }) => ofChannel.indexOf(webhookId)).filter((place) => place >= 0)
}
