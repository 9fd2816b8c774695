import { expect, test } from 'vitest'
import { ownRecords } from '../../../../services/admin/status/monitoring.ts'
import { WebhookStatuses } from '../../../../services/admin/status/webhook-status.ts'
import type { WebhookSnapshot } from '../../../../services/domain/delivery/webhook-snapshot.ts'
import {
  type DeadLetterCounts,
  minuteMs,
  startOfHour,
  type WebhookStats,
} from '../../../../services/domain/stats/stats.ts'
import { definition, nowMs, stillClock } from '../support.ts'

const [own, former] = [definition().businessId, 'former']
const minute = { minute: Math.floor(nowMs / minuteMs) * minuteMs, success: 3, slow: 0, error: 0, rejected: 0 }

/** The status of a webhook whose records all name this business. */
function shownOf(businessId: string | null) {
  const source = { partition: 0, offset: 9 }
  const health: WebhookSnapshot = {
    webhookId: 'wh_a',
    businessId,
    partition: 0,
    asOf: nowMs,
    attemptsOffset: 0,
    parkedOffset: 0,
    breaker: { state: 'open', openUntil: nowMs + minuteMs, failingSince: nowMs, failures: [nowMs] },
    parked: { from: 1, last: 5, since: 0 },
    pausedUntil: nowMs + minuteMs,
  }
  const hours = [{ hour: startOfHour(nowMs), count: 4 }]
  const deadLetters: DeadLetterCounts = { webhookId: 'wh_a', businessId, updatedAt: nowMs, hours, source }
  const givenUp = [{ hour: startOfHour(nowMs), change: -1 }]
  const stats = { webhookId: 'wh_a', businessId, minutes: [minute], givenUp, source } as unknown as WebhookStats
  const table = <T>(record: T) => ({ get: () => record })
  const store = {
    findConflicts: () => new Map(),
    fault: () => ({ offset: 7, problems: ['of a record'], businessId: businessId ?? undefined }),
  }
  const statuses = new WebhookStatuses({
    store,
    accounts: { get: () => ({ webhooksEnabled: true }) },
    monitoring: ownRecords({ stats: table(stats), health: table(health), deadLetters: table(deadLetters) }),
    clock: stillClock,
    letterHours: 336,
    notificationHours: 168,
  })
  const { status, lastHour } = statuses.of(definition())
  const {
    failures,
    parked,
    blockedUntil,
    failingSince,
    pausedUntil,
    deadLetters: letters,
    undelivered,
    problems,
  } = status
  const times = [blockedUntil, failingSince, pausedUntil].filter((time) => time !== null).length
  return { failures, parked, times, letters, undelivered, problems: problems.length, successes: lastHour.success }
}

test('a business that has taken over a webhook id is shown nothing of what was known before: breaker, dead letters, statistics', () => {
  const nothing = { failures: 0, parked: 0, times: 0, letters: 0, undelivered: 0, problems: 0, successes: 0 }
  expect(shownOf(former)).toEqual(nothing)
})

test.each([
  ['its own', own],
  ['no business: written by earlier versions', null],
])('records of a webhook are shown that name %s', (_what, businessId) => {
  const shown = { failures: 101, parked: 5, times: 3, letters: 4, undelivered: 3, problems: 1, successes: 3 }
  expect(shownOf(businessId)).toEqual(shown)
})
