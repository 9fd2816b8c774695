import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { subjectOfEvent, subjectOfNotification } from '../../deploy/receiver/notification.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, publish, startLoad } from '../support/load.ts'
import { startOwnPlatform } from '../support/own-platform.ts'
import { lagOf, openKafka } from '../support/topic-reader.ts'

const kills = sized(5, 1)
const flowLimitMs = 60_000

test(`after kill -9 of the broker ${kills} times under load, nothing acknowledged is missing and nothing is stuck`, {
  timeout: caseTimeoutMs,
}, async () => {
  await using platform = await startOwnPlatform({ progress: () => undefined })
  const { brokers, schemaRegistryUrl } = platform
  await using world = await startFaultyStack({ brokers, schemaRegistryUrl, webhooks: 4, contacts: 40 })
  const load = startLoad(world, { lanes: world.lanes, perSecond: 200 })
  const probes = []
  let slowestFlowMs = 0
  for (let kill = 0; kill < kills; kill++) {
    await systemClock.sleep(3_000)
    await platform.broker.kill()
    await systemClock.sleep(sized(5_000, 1_000))
    await platform.broker.start()
    const startedMs = systemClock.monotonicMs()
    // A separate contact in each channel, so that no earlier notification is ahead of it.
    const fresh = world.channels.map((channel) =>
      messageOf({ channel, contactId: `after-kill-${kill}` }, 0, world.businessId),
    )
    probes.push(...(await publish(world, fresh)))
    const subjects = new Set(fresh.map(subjectOfEvent))
    const isFlowing = () => {
      for (const { notification } of world.receiver.arrivals)
        if (notification) subjects.delete(subjectOfNotification(notification))
      return subjects.size === 0
    }
    expect(await until(isFlowing, flowLimitMs, systemClock), `flows within ${flowLimitMs} ms`).toBe(true)
    slowestFlowMs = Math.max(slowestFlowMs, systemClock.monotonicMs() - startedMs)
  }
  const published = [...(await load.stop()), ...probes]
  const report = await world.arrived(published, 90_000)

  // Stuck means not ready, or ready without working.
  const prefix = world.stack.topicPrefix
  const kafka = openKafka(brokers)
  const lag = async () => {
    const names = (topics: string[]) => topics.map((topic) => prefix + topic)
    const events = await lagOf(kafka, `${prefix}formatter`, names(['message-events', 'status-events']))
    const deliveries = await lagOf(kafka, `${prefix}dispatcher`, names(['webhook-deliveries']))
    return [events, deliveries, await lagOf(kafka, `${prefix}stats-aggregator`, names(['webhook-attempts']))]
  }
  const notReady: string[] = []
  for (const name of serviceNames) {
    const isReady = await until(() => world.stack.service(name).isReady(), 60_000, systemClock)
    if (!isReady) notReady.push(name)
  }
  await world.defineWebhook('/after', [`${world.businessId}-after`])
  await world.inForce()
  await until(async () => (await lag()).every((records) => records === 0), 60_000, systemClock)

  const flow = `flow again after ${Math.round(slowestFlowMs / 1_000)} s at most`
  const repeated = `repeated ${report.repeated}`
  figure(3, `${kills} kills, ${published.length} events: missing ${report.missing.length}, ${repeated}, ${flow}`)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
  expect({ notReady, lag: await lag() }).toEqual({ notReady: [], lag: [0, 0, 0] })
})
