import { expect, inject, test } from 'vitest'
import type { SupervisedService } from '../../deploy/local/stack/stack-service.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { OffsetWatch } from '../support/offset-watch.ts'
import { openKafka } from '../support/topic-reader.ts'

const everyMs = 5_000
const changes = sized(60, 3)
/** Limit of guarantee 5. Scaled down, the machine is shared: twice that. */
const standstillLimitMs = sized(30_000, 60_000)
const stopGraceMs = 30_000
const names = ['formatter', 'dispatcher'] as const

test(`while formatters and dispatchers join and leave every ${everyMs} ms, nothing is missing and every partition makes progress`, {
  timeout: caseTimeoutMs,
}, async () => {
  // The webhooks are enough for each of the four partitions to have some: with 16, one run in twenty-five had an empty
  // one.
  await using world = await startFaultyStack({ webhooks: 48, contacts: 192 })
  const { stack } = world
  const named = (topic: { name: string }) => stack.topicPrefix + topic.name
  const kafka = openKafka(inject('brokers'))
  const formatters = { groupId: `${stack.topicPrefix}formatter`, topics: [named(topics.messageEvents)] }
  const dispatchers = { groupId: `${stack.topicPrefix}dispatcher`, topics: [named(topics.webhookDeliveries)] }
  await using formatted = new OffsetWatch(kafka, formatters)
  await using dispatched = new OffsetWatch(kafka, dispatchers)
  const load = startLoad(world, { lanes: world.lanes, perSecond: 200 })
  let guests: SupervisedService[] = []
  for (let change = 0; change < changes; change++) {
    const startedMs = systemClock.monotonicMs()
    // Joining and leaving alternate; sometimes two join before they leave.
    if (guests.length === 0 || change % 7 === 3) {
      guests.push(...(await Promise.all(names.map((name) => stack.add(name)))))
    } else {
      await Promise.all(guests.map((guest) => guest.stop(stopGraceMs)))
      guests = []
    }
    await systemClock.sleep(Math.max(0, everyMs - (systemClock.monotonicMs() - startedMs)))
  }
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)
  const standstillMs = Math.max(formatted.longestStandstillMs(), dispatched.longestStandstillMs())
  const standstill = `longest standstill of a partition ${(standstillMs / 1_000).toFixed(1)} s`
  const counts = `missing ${report.missing.length}, repeated ${report.repeated}`
  figure(5, `${changes} changes, ${published.length} events: ${counts}, ${standstill}`)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
  expect([formatted.moved, dispatched.moved]).toEqual([4, 4])
  expect(standstillMs).toBeLessThanOrEqual(standstillLimitMs)
  expect([formatted.wentBack(), dispatched.wentBack()]).toEqual([[], []])
})
