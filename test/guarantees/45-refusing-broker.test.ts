import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { followOutcomes, type OutcomeTopics } from '../support/outcome-topics.ts'
import { more, type RefusalCase, refusalCases, unreadTopics, webhook, writtenByOurs } from '../support/refusal-cases.ts'
import { RefusalSteps } from '../support/refusal-steps.ts'
import { refuseTopics } from '../support/refuse-topics.ts'
import { openKafka } from '../support/topic-reader.ts'

/** Failures that open a breaker (contract.md, 1.9). */
const failuresToBlock = 101
const waitMs = 60_000

const kafka = openKafka(inject('brokers'))
let world: FaultyStack
let outcomes: OutcomeTopics
let cases: Map<string, RefusalCase[]>

beforeAll(async () => {
  const extraEnv = { HOOKLINE_STATS_FLUSH_INTERVAL_MS: '100' }
  const since = new Date(systemClock.nowMs() - 60_000).toISOString()
  world = await startFaultyStack({ webhooks: Object.keys(webhook).length, contacts: 5, more, extraEnv })
  outcomes = await followOutcomes(world.stack)
  const steps = new RefusalSteps(world, outcomes.deadLetters)
  cases = refusalCases(steps, since)
  const lanesOf = (which: number) => world.lanes.filter(({ channel }) => channel === world.channels[which])
  for (const which of [webhook.parked, webhook.refusing])
    world.receiver.answer(`/${which}`, { kind: 'status', status: 400 })
  await startLoad(world, { lanes: lanesOf(webhook.parked), perSecond: 500, eventsPerLane: failuresToBlock }).done
  await startLoad(world, { lanes: lanesOf(webhook.refusing), perSecond: 500, eventsPerLane: 3 }).done
  await Promise.all(unreadTopics.map((topic) => steps.buryUnread(topic)))
  const expected = failuresToBlock + 3 + unreadTopics.length
  const isBuried = async () => (await outcomes.deadLetters()).length >= expected
  expect(await until(isBuried, waitMs, systemClock), 'the dead letters of the set-up').toBe(true)
}, caseTimeoutMs)

afterAll(async () => {
  await outcomes?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

const t = topics
/**
 * Topics refused at the same time, in the scaled test: no case of a group needs what another topic of it would take.
 * At full size each topic is refused alone.
 */
const together: Topic[][] = [
  [t.messageEvents, t.statusEvents, t.webhookSessions, t.webhookTests],
  [t.webhookDeliveries],
  [
    ...[t.webhookRetries1m, t.webhookRetries5m, t.webhookRetries30m, t.webhookRetries2h, t.webhookRetries5h],
    ...[t.webhookRetries10h, t.webhookParked, t.webhookHealth, t.webhookConfig, t.accountConfig],
  ],
  [t.webhookAttempts],
  [t.webhookAudit, t.webhookStats, t.webhookDeadLetterCounts],
  [t.webhookDeadLetters],
  [t.webhookAlerts, t.webhookReplays],
]

test('every topic that a service writes has a case of its refusal, and no other', () => {
  expect([...cases.keys()].sort()).toEqual(writtenByOurs().sort())
  expect(new Set(together.flat().map(({ name }) => name))).toEqual(new Set(Object.values(t).map(({ name }) => name)))
})

test('records that the broker itself refuses, of every service in every topic that it writes, end no process: callers hear of it, or the record waits, or a dead letter says so', {
  timeout: caseTimeoutMs,
}, async () => {
  let shown = 0
  const groups = sized(
    together.flat().map((topic) => [topic]),
    together,
  )
  for (const group of groups) {
    const accept = await refuseTopics(
      kafka,
      group.map(({ name }) => world.stack.topicPrefix + name),
    )
    const concerned = [...cases].filter(([key]) => group.some(({ name }) => key.endsWith(`/${name}`)))
    const all = concerned.flatMap(([, made]) => made)
    await Promise.all(all.map(({ refused }) => refused()))
    await accept()
    await Promise.all(all.map(({ accepted }) => accepted()))
    shown += concerned.length
    await allReady()
  }
  const lanes = world.lanes.filter(({ channel }) => channel === world.channels[webhook.good])
  const own = lanes.map((lane) => ({ ...lane, contactId: `${lane.contactId}-afterwards` }))
  const published = await startLoad(world, { lanes: own, perSecond: 100, eventsPerLane: 20 }).done
  const report = await world.arrived(published, waitMs)
  figure(
    45,
    `the broker refused ${shown} of ${writtenByOurs().length} pairs of service and topic, ${groups.length} times; processes ended ${world.ends.length}, missing ${report.missing.length} of ${published.length} afterwards`,
  )
  expect(shown).toBe(writtenByOurs().length)
  expect(world.ends).toEqual([])
  expect(report.missing).toEqual([])
})

async function allReady(): Promise<void> {
  const isReady = async () =>
    (await Promise.all(serviceNames.map((name) => world.stack.service(name).isReady()))).every((ready) => ready)
  expect(await until(isReady, waitMs, systemClock), 'all services are ready again').toBe(true)
}
