import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

/** Scaled down, a request must reach the receiver in time although the machine is shared. */
const timeoutMs = sized(1_000, 3_000)
/** Time that an attempt may take beyond the timeout. Scaled down, it still tells this timeout from the default of 10 s. */
const graceMs = sized(1_000, 6_000)
/** Time by which a wait may begin late. Scaled down, it still tells each wait from the next one. */
const lateMs = sized(1_000, 2_500)
/** Twenty each: five failures of each make 100, which do not block the webhook. */
const webhooks = sized(5, 1)
const contacts = sized(100, 5)
/** The quick retries of the profile `chat` and its first delay topics, in milliseconds +-20 %. */
const waitsMs = [1_000, 5_000, 15_000, 60_000]
const quickAttempts = 4
const attempts = sized(quickAttempts + 1, quickAttempts)
const limitMs = sized(150_000, 60_000)

test('a receiver that never answers gets the same notification again at the times of the profile', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks, contacts, more: () => ({ timeoutMs }) })
  await using topics = await followOutcomes(world.stack)
  for (const n of world.channels.keys()) world.receiver.answer(`/${n}`, { kind: 'hang' })
  await publish(
    world,
    world.lanes.map((lane) => messageOf(lane, 0, world.businessId)),
  )

  const byId = () => Map.groupBy(world.receiver.arrivals, ({ webhookId }) => webhookId)
  const recorded = async () => (await topics.attempts()).filter(({ attempt }) => attempt === attempts)
  expect(await until(async () => (await recorded()).length >= contacts, limitMs, systemClock)).toBe(true)

  const recordedAttempts = await topics.attempts()
  expect(byId().size).toBe(contacts)
  for (const [id, requests] of byId()) {
    const own = recordedAttempts.filter(({ deliveryId }) => deliveryId === id)
    // Each attempt occurs once, is numbered, has the same bytes, and is recorded.
    expect(requests.map(({ attempt }) => attempt)).toEqual(ascending(attempts))
    expect(own.map(({ attempt, cause }) => `${attempt} ${cause}`)).toEqual(
      ascending(attempts).map((n) => `${n} timeout`),
    )
    expect(new Set(requests.map(({ bodyHash }) => bodyHash)).size).toBe(1)
    expect(new Set(requests.map(({ signature }) => signature))).toEqual(new Set(['valid']))
    // The dispatcher records when the next attempt is due: within the profile's jitter.
    for (const { attempt, startedAt, latencyMs, nextAttemptAt } of own) {
      const waitMs = (nextAttemptAt ?? 0) - startedAt - (latencyMs ?? 0)
      const plannedMs = waitsMs[attempt - 1] ?? 300_000
      expect(waitMs).toBeGreaterThanOrEqual(0.8 * plannedMs - 5)
      // The wait begins when the timeout has been handled, which a busy machine may do late.
      expect(waitMs).toBeLessThanOrEqual(1.2 * plannedMs + lateMs)
    }
    // The next attempt is not sent before that; a timer may be a millisecond early.
    for (const [index, { nextAttemptAt }] of own.slice(0, -1).entries())
      expect(own[index + 1]?.startedAt).toBeGreaterThanOrEqual((nextAttemptAt ?? 0) - 5)
  }
  const longestMs = Math.max(...recordedAttempts.map(({ latencyMs }) => latencyMs ?? 0))
  const requests = world.receiver.arrivals.length
  figure(
    23,
    `${contacts} notifications, ${requests} requests, ${byId().size} ids; the longest took ${Math.round(longestMs)} ms of ${timeoutMs} ms`,
  )
  expect(longestMs).toBeLessThanOrEqual(timeoutMs + graceMs)

  const waiting = await topics.retries1m()
  expect(new Set(waiting.map(({ delivery }) => delivery.deliveryId))).toEqual(new Set(byId().keys()))
  for (const pending of waiting) expect(pending).toMatchObject({ why: 'retry', attempts: { length: quickAttempts } })
})

function ascending(to: number): number[] {
  return Array.from({ length: to }, (_unused, index) => index + 1)
}
