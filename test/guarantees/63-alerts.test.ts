import { Webhook } from 'standardwebhooks'
import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import type { WebhookAlert } from '../../services/domain/stats/alert.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import {
  attemptRules,
  type CountedAttempt,
  type StatsState,
} from '../../services/stats-aggregator/counting/attempts.ts'
import { PartitionFold } from '../../services/stats-aggregator/fold/partition-fold.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { MailServer } from '../support/mail-server.ts'
import { openRecordingServer } from '../support/recording-server.ts'
import { lagOf, openCodec, openKafka, readValues } from '../support/topic-reader.ts'

/** guarantees.md, 63: each transition is exactly one record, one mail and one request, over kills of every service. */

const killed = ['stats-aggregator', 'admin', 'dispatcher', 'formatter', 'producer'] as const
/** Number of kills of each service. */
const rounds = sized(10, 1)
const pauseMs = sized(5_000, 2_000)
const perSecond = 60
/** Ten minutes in production. */
const settleMs = sized(10_000, 3_000)
const behindMs = 600_000
const waitMs = 60_000

/** Webhooks by what their receivers do. */
const webhook = { good: 0, failing: 1, gone: 2, mended: 3 } as const
const recipients = ['first@shop.example', 'second@shop.example']

const kafka = openKafka(inject('brokers'))
const codec = openCodec(inject('schemaRegistryUrl'))
const decodeAlert = codec.decoder<WebhookAlert>(readSchema(topics.webhookAlerts))
const decodeAttempt = codec.decoder<Attempt>(readSchema(topics.webhookAttempts))

test(`over ${rounds} kills of every service, each transition is one record, one mail and one signed request, and nothing flaps`, {
  timeout: caseTimeoutMs,
}, async () => {
  await using mailServer = await MailServer.open()
  await using alertReceiver = await openRecordingServer()
  await using world = await startFaultyStack({
    webhooks: 4,
    contacts: 100,
    more: () => ({ retryProfile: 'none' }),
    extraEnv: {
      HOOKLINE_SMTP_URL: mailServer.url,
      HOOKLINE_SMTP_FROM: 'hookline@hooks.example',
      HOOKLINE_ALERT_SETTLE_MS: String(settleMs),
      HOOKLINE_ALERT_BEHIND_MS: String(behindMs),
      HOOKLINE_STATS_FLUSH_INTERVAL_MS: '100',
    },
  })
  const { receiver, admin, businessId, stack } = world
  const alerts = { emails: recipients, urls: [`${alertReceiver.url}/alerts`] }
  await admin.http(`businesses/${businessId}/account`, { method: 'put', json: { webhooksEnabled: true, alerts } })
  receiver.answer(`/${webhook.failing}`, { kind: 'status', status: 500 })
  receiver.answer(`/${webhook.gone}`, { kind: 'status', status: 410 })
  receiver.answer(`/${webhook.mended}`, { kind: 'status', status: 503 })

  const load = startLoad(world, { lanes: world.lanes, perSecond })
  const requestsAt = (which: number) => receiver.arrivals.filter(({ path }) => path === `/${which}`).length
  for (let kill = 0; kill < rounds * killed.length; kill++) {
    await systemClock.sleep(pauseMs)
    // Enough to count as failing, and too few to be blocked.
    if (kill === 0) await until(() => requestsAt(webhook.mended) >= 25, waitMs, systemClock)
    stack.service(killed[kill % killed.length] ?? 'admin').kill('SIGKILL')
    if (kill === 0) receiver.answer(`/${webhook.mended}`, { kind: 'status', status: 200 })
  }
  await systemClock.sleep(2 * settleMs)
  // Only an attempt long after the last failure shows that a webhook has recovered: on a busy machine, there is a gap.
  const posted = () => alertReceiver.seen.map(({ body }) => JSON.parse(body) as { webhookId: string; kind: string })
  const mendedId = world.webhookPaths[webhook.mended]?.split('/').at(-1)
  const hasRecovered = () => posted().some(({ webhookId, kind }) => webhookId === mendedId && kind === 'recovered')
  await until(hasRecovered, waitMs, systemClock)
  await load.stop()

  const name = (topic: { name: string }) => stack.topicPrefix + topic.name
  const lag = (group: string, topic: { name: string }) => lagOf(kafka, stack.topicPrefix + group, [name(topic)])
  const settled = { timeout: 60_000, interval: 250 }
  await expect.poll(() => lag('stats-aggregator', topics.webhookAttempts), settled).toBe(0)
  await expect.poll(() => lag('admin-alert-mails', topics.webhookAlerts), settled).toBe(0)
  await expect.poll(() => lag('admin-alert-posts', topics.webhookAlerts), settled).toBe(0)

  const records = await readValues(kafka, name(topics.webhookAlerts), decodeAlert)
  const told = new Map(records.map(({ decoded }) => [decoded.alertId, decoded]))
  const attempts = await readValues(kafka, name(topics.webhookAttempts), decodeAttempt)
  const expected = uninterrupted(attempts)
  const kills = world.ends.filter((end) => end.includes('SIGKILL')).length
  const adminKills = world.ends.filter((end) => end.startsWith('admin') && end.includes('SIGKILL')).length
  const mails = mailServer.mails.map(({ messageId }) => messageId.slice(1, messageId.indexOf('@')))
  const posts = alertReceiver.seen.map(({ headers }) => headers['webhook-id'] ?? '')
  const repeated = (ids: readonly string[]) => ids.length - new Set(ids).size
  figure(
    63,
    `${kills} kills, ${attempts.length} attempts, ${told.size} alerts: missing ${expected.length - told.size}, ` +
      `repeated records ${records.length - told.size}, mails ${repeated(mails)}, requests ${repeated(posts)}`,
  )

  // The topic holds what an uninterrupted fold of the attempts gives.
  expect([...told.keys()].sort()).toEqual(expected)
  // Each alert has arrived both ways. Only a kill between sending and commit repeats one, with the same id.
  expect([...new Set(mails)].sort()).toEqual(expected)
  expect([...new Set(posts)].sort()).toEqual(expected)
  expect(repeated(mails)).toBeLessThanOrEqual(adminKills)
  for (const { to } of mailServer.mails) expect(to).toEqual(recipients)

  const idOf = (which: number) => world.webhookPaths[which]?.split('/').at(-1) ?? ''
  const kinds = (which: number) => inOrder([...told.values()].filter(({ webhookId }) => webhookId === idOf(which)))
  expect(kinds(webhook.good).map(({ kind }) => kind)).toEqual([])
  expect(kinds(webhook.failing).map(({ kind }) => kind)).toEqual(expect.arrayContaining(['giving-up', 'failing']))
  expect(kinds(webhook.failing).map(({ kind }) => kind)).not.toContain('recovered')
  expect(kinds(webhook.gone).map(({ kind }) => kind)).toContain('switched-off')
  expect(kinds(webhook.mended).map(({ kind }) => kind)).toEqual(['giving-up', 'failing', 'recovered'])
  for (const which of Object.values(webhook)) expectNoFlapping(kinds(which))

  for (const { body, headers } of alertReceiver.seen) {
    const { webhookId } = JSON.parse(body) as { webhookId: string }
    const secret = world.secrets.get(webhookId) ?? ''
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow()
  }
})

/** Ids of the alerts of a fold that nothing interrupts, sorted. */
function uninterrupted(attempts: { partition: number; offset: number; timestampMs: number; decoded: Attempt }[]) {
  const rules = attemptRules(null, { settleMs, behindMs })
  const ids: string[] = []
  for (const [partition, records] of Map.groupBy(attempts, ({ partition: of }) => of)) {
    const fold = new PartitionFold<CountedAttempt, StatsState>(partition, rules, () => undefined)
    for (const { offset, timestampMs, decoded } of records) fold.take(offset, decoded, timestampMs)
    for (const state of fold.takeFlush().states) ids.push(...state.unsentAlerts.map(({ alertId }) => alertId))
  }
  return ids.sort()
}

function inOrder(alerts: WebhookAlert[]): WebhookAlert[] {
  return alerts.sort((a, b) => a.at - b.at)
}

function expectNoFlapping(alerts: readonly WebhookAlert[]): void {
  for (const ofKind of Map.groupBy(alerts, ({ kind }) => kind).values())
    for (const [index, { at }] of ofKind.entries())
      if (index > 0) expect(at - (ofKind[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(settleMs)
}
