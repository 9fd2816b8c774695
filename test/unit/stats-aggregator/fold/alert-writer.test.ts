import { expect, test } from 'vitest'
import type { WebhookAlert } from '../../../../services/domain/stats/alert.ts'
import type { OutgoingRecord } from '../../../../services/platform/kafka/produce/producer.ts'
import { attemptRules, type StatsState } from '../../../../services/stats-aggregator/counting/attempts.ts'
import { alertWriter, dropAlerts } from '../../../../services/stats-aggregator/fold/alert-writer.ts'
import { alertLimits, attempt } from '../counting/attempts.ts'

const rules = attemptRules(null, alertLimits)
const giveUp = (state: StatsState, offset: number, status: number) =>
  rules.add(
    state,
    attempt({ deliveryId: `msg_${offset}`, outcome: 'error', cause: '4xx', status, next: 'deadLetter' }),
    0,
    { partition: 3, offset },
  )

/** A writer whose records wait until the test acknowledges them. */
function bench() {
  const state = rules.begin('w1', attempt(), { partition: 3, offset: 0 })
  const sent: OutgoingRecord[] = []
  const acknowledge: (() => void)[] = []
  const write = alertWriter({
    topic: 'webhook-alerts',
    encode: (alert: WebhookAlert) => Buffer.from(`${alert.kind} of ${alert.webhookId} of ${alert.businessId}`),
    send: (record) => {
      sent.push(record)
      return new Promise((resolve) => acknowledge.push(() => resolve(undefined as never)))
    },
  })
  return { state, sent, acknowledge, write }
}

test('an alert is written with the key and into the partition of its webhook', async () => {
  const { state, sent, acknowledge, write } = bench()
  giveUp(state, 0, 404)
  const written = write(state)
  acknowledge[0]?.()
  await written
  expect(sent).toEqual([
    { topic: 'webhook-alerts', key: 'w1', partition: 3, isLast: true, value: Buffer.from('giving-up of w1 of b1') },
  ])
})

test('a state is not stored before the alerts that came while others were written', async () => {
  const { state, sent, acknowledge, write } = bench()
  giveUp(state, 0, 404)
  let isWritten = false
  const written = write(state).then(() => {
    isWritten = true
  })
  rules.add(state, attempt({ deliveryId: 'msg_1', outcome: 'error', transition: 'switched-off' }), 0, {
    partition: 3,
    offset: 1,
  })
  acknowledge[0]?.()
  await new Promise(setImmediate)
  expect(sent.map(({ value }) => String(value))).toEqual(['giving-up of w1 of b1', 'switched-off of w1 of b1'])
  expect(isWritten).toBe(false)
  acknowledge[1]?.()
  await written
})

test('a rebuild writes no alerts, but keeps them in the statistics', async () => {
  const { state } = bench()
  giveUp(state, 0, 404)
  await dropAlerts(state)
  expect(state.unsentAlerts).toEqual([])
  expect(state.alerts.map(({ kind }) => kind)).toEqual(['giving-up'])
})
