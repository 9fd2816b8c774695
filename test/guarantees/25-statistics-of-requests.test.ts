import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/demo/until.ts'
import type { WebhookStats } from '../../services/domain/stats.ts'
import { systemClock } from '../../services/platform/clock.ts'
import { schemaOf } from '../../services/schemas.ts'
import { topics } from '../../services/topics.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { countRecords, openCodec, openKafka, readValues } from '../support/topic-reader.ts'

const kills = sized(20, 1)
const webhooks = 4
/** Every so many requests one is refused for good: under the 100 in ten minutes at which sending is blocked. */
const refusedEvery = 25
const mostRefused = 80

type Counts = { answered: number; refused: number }

test(`the aggregator is killed ${kills} times: the statistics are those of the receiver's log`, {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks, contacts: 40 })
  const seen = new Map<string, Counts>()
  for (let n = 0; n < webhooks; n++) {
    const counts = { answered: 0, refused: 0 }
    seen.set(world.channels[n] ?? '', counts)
    world.receiver.answer(`/${n}`, () => {
      const isRefused = (counts.answered + counts.refused) % refusedEvery === 24 && counts.refused < mostRefused
      if (isRefused) counts.refused++
      else counts.answered++
      return { kind: 'status', status: isRefused ? 404 : 204 }
    })
  }
  const kafka = openKafka(inject('brokers'))
  const topic = world.stack.topicPrefix + topics.webhookStats.name
  const load = startLoad(world, { lanes: world.lanes, perSecond: 100 })
  for (let kill = 0; kill < kills; kill++) {
    const before = await countRecords(kafka, topic)
    const isFolding = async () => (await countRecords(kafka, topic)) > before
    expect(await until(isFolding, 60_000, systemClock), 'statistics move').toBe(true)
    world.stack.service('stats-aggregator').kill('SIGKILL')
  }
  const published = await load.stop()
  await world.arrived(published, 60_000)

  const decode = openCodec(inject('schemaRegistryUrl')).decoder<WebhookStats>(schemaOf(topics.webhookStats))
  const { webhooks: listed } = await world.admin.http
    .get(`businesses/${world.businessId}/webhooks`)
    .json<{ webhooks: { id: string; channels: string[] }[] }>()
  const counted = async () => {
    const newest = new Map<string, Counts>()
    for (const { decoded } of await readValues(kafka, topic, decode)) {
      const channel = listed.find(({ id }) => id === decoded.webhookId)?.channels[0]
      if (channel !== undefined) newest.set(channel, totalOf(decoded))
    }
    return newest
  }
  await expect.poll(counted, { timeout: 60_000, interval: 1_000 }).toEqual(seen)
  const requests = [...seen.values()].reduce((sum, { answered, refused }) => sum + answered + refused, 0)
  figure(25, `${requests} requests in the receiver's log, ${world.ends.length} kills: difference 0`)
  expect(world.ends).toHaveLength(kills)
})

/** What came within the threshold and what came later are both answered: the receiver does not know which is which. */
function totalOf({ minutes }: WebhookStats): Counts {
  const total = { answered: 0, refused: 0 }
  for (const { success, slow, error } of minutes) {
    total.answered += success + slow
    total.refused += error
  }
  return total
}
