import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'

const count = sized(1_000, 20)

test('a message, its delivered and its read with one eventId are three notifications with their own ids, also when sent again', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 1, contacts: 1 })
  const [lane] = world.lanes
  if (!lane) throw new Error('no lane')
  const events = Array.from({ length: count }, (_unused, number) => {
    const message = messageOf(lane, number, world.businessId)
    const { eventId, businessId, chatPlatform, chatChannelId, contactId, customerId } = message
    const shared = { eventId, businessId, chatPlatform, chatChannelId, contactId, customerId, messageId: `m${number}` }
    const statusChangeTime = '2026-03-01T12:00:01.000Z'
    const status = { ...shared, type: 'status' as const, statusChangeTime }
    return [message, { ...status, status: 'delivered' as const }, { ...status, status: 'read' as const }]
  }).flat()
  const before = world.receiver.arrivals.length
  const arrivals = () => world.receiver.arrivals.slice(before).filter(({ path }) => path === '/0')
  for (let from = 0; from < events.length; from += 300) await publish(world, events.slice(from, from + 300))
  const ids = () => new Set(arrivals().map(({ webhookId }) => webhookId))
  await until(() => ids().size >= events.length, 60_000, systemClock)
  const first = ids()
  // The same ids again: a repeated event is recognised.
  await publish(world, events.slice(0, 3))
  await publish(world, [{ ...messageOf(lane, count, world.businessId) }])
  await until(() => ids().size > first.size, 60_000, systemClock)

  figure(
    53,
    `${count} eventIds, each of a message, its delivered and its read: ${first.size} notifications of ${events.length}`,
  )
  expect(first.size).toBe(events.length)
  expect(ids().size).toBe(events.length + 1)
  expect(world.ends).toEqual([])
})
