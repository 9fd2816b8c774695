import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import { fetchCommittedOnce } from '../../platform/kafka/committed.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { readSchema } from '../schemas.ts'
import { type Topic, topics } from '../topic-map.ts'
import type { Installation } from './installation.ts'
import { drained, retryTopics } from './moved-topics.ts'

/** Work that the services of an installation have not finished. */
export type Unfinished = {
  /** Records that have to be done before the switch: they come before everything in the new topics. */
  before: Map<string, number>
  /** Webhooks with notifications in webhook-parked. */
  parked: string[]
  /** Notifications that wait for a retry. They may be overtaken, so a dispatcher sends them after the switch. */
  retries: number
}

export async function findUnfinished(source: Installation, log: Logger): Promise<Unfinished> {
  const before = new Map<string, number>()
  for (const [group, read] of drained)
    for (const topic of read) {
      const records = await measureLag(source, group, topic, log)
      if (records > 0) before.set(topic.name, records)
    }
  const retries = await Promise.all(retryTopics.map((topic) => measureLag(source, 'dispatcher', topic, log)))
  return { before, parked: await findParked(source), retries: retries.reduce((sum, count) => sum + count, 0) }
}

/** Records that the group has not committed. */
async function measureLag(
  { kafka, ...source }: Installation,
  group: string,
  topic: Topic,
  log: Logger,
): Promise<number> {
  const name = source.prefix + topic.name
  const committed = await fetchCommittedOnce(kafka, source.prefix + group, [name], log)
  const ends = await kafka.cluster.ends(name, 'all')
  return ends.reduce((sum, { partition, low, high }) => {
    const next = committed.get(name)?.get(partition)?.offset ?? low
    return sum + Math.max(0, high - next)
  }, 0)
}

/** Webhooks whose last snapshot has a range in webhook-parked. */
async function findParked(source: Installation): Promise<string[]> {
  const decode = source.codec.decoder<WebhookSnapshot>(readSchema(topics.webhookHealth))
  const parked = new Set<string>()
  await source.read(topics.webhookHealth, async (records) => {
    for (const { key, value } of records) {
      const id = key?.toString() ?? ''
      const snapshot = value && (await decode(value))
      if (snapshot?.ok && snapshot.value.parked !== null) parked.add(id)
      else parked.delete(id)
    }
  })
  return [...parked]
}
