import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import type { SupervisedService } from '../../deploy/local/stack/stack-service.ts'
import { root as thisVersion } from '../../deploy/local/tools/built.ts'
import { encodeOffsetMap } from '../../services/dispatcher/engine/offsets/offset-map.ts'
import { stampMetadata } from '../../services/platform/commit-metadata.ts'
import { isAvro, readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { checkOutVersion, versionBefore } from '../support/earlier-version.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type Load, lanesOf, startLoad } from '../support/load.ts'
import { openCodec, openKafka, readValues } from '../support/topic-reader.ts'

const before = checkOutVersion(versionBefore)
if ('missing' in before) figure(59, `skipped: ${before.missing}`)
const folder = 'folder' in before ? before.folder : ''

afterAll(() => {
  if ('folder' in before) before[Symbol.dispose]()
})

const rounds = sized(5, 1)
const perSecond = sized(200, 100)
const slowMs = 300
/** Failing requests, fewer than open a breaker, which would stop the webhook for ten minutes. */
const mostFailing = 1_500

test.skipIf('missing' in before)(
  `version ${versionBefore} reads which offsets above a commit of this one are finished`,
  async () => {
    const earlier = await import(join(folder, 'services/dispatcher/offset-map.ts'))
    const commit = { offset: 17, unfinished: [17, 20], next: 4_000 }
    const map = encodeOffsetMap(commit.offset, commit.unfinished, commit.next) ?? ''
    const metadata = stampMetadata('Zx3pQ0vVTk6wq_d5-Xm1Aw', commit.offset, map)
    const { unfinished, next } = commit
    expect(earlier.decodeOffsetMap(metadata, commit.offset)).toMatchObject({ unfinished, next })
  },
)

/** Topics that both versions know: everything that they exchange. */
function sharedTopics() {
  const known = readFileSync(join(folder, 'services/topics.ts'), 'utf8')
  return Object.values(topics).filter((topic) => isAvro(topic) && known.includes(`'${topic.schema}'`))
}

test.skipIf('missing' in before)(
  `while services are replaced by those of version ${versionBefore} and back, ${rounds} times under load, nothing is missing or unreadable`,
  { timeout: caseTimeoutMs },
  async () => {
    let sluggish = true
    // Webhook 0 has a queue in webhook-parked while it is slow, and webhook 1 retries.
    const more = (n: number) => ({ maxInFlight: n === 0 ? 1 : 64 })
    await using world = await startFaultyStack({ webhooks: 6, contacts: 60, more, versionFolder: folder })
    const { stack, receiver } = world
    let answers = 0
    // Each notification fails once at most, so that none is given up, however long the test takes.
    const failed = new Set<string>()
    const fails = (id: string) => {
      if (++answers % 20 !== 0 || answers >= mostFailing || failed.has(id)) return false
      failed.add(id)
      return true
    }
    receiver.answer('/0', () => ({ kind: 'status', status: 204, delayMs: sluggish ? slowMs : 0 }))
    receiver.answer('/1', ({ webhookId }) => ({ kind: 'status', status: fails(webhookId) ? 503 : 200 }))
    const groups: SupervisedService[][] = [
      [await stack.add('formatter')],
      [await stack.add('dispatcher')],
      [stack.service('stats-aggregator'), stack.service('admin'), stack.service('producer')],
      [stack.service('formatter')],
      [stack.service('dispatcher')],
    ]
    /** Replaces every service. One formatter and one dispatcher of each version run while the other is replaced. */
    async function replaceAll(version: string) {
      stack.setVersion(version)
      for (const services of groups) {
        for (const service of services) service.kill('SIGTERM')
        await Promise.all(services.map((service) => service.restarted()))
      }
    }

    const load = startLoad(world, { lanes: world.lanes, perSecond })
    const created: Load[] = []
    for (let round = 0; round < rounds; round++) {
      stack.setVersion(thisVersion)
      await stack.applyTopics()
      await replaceAll(thisVersion)
      const channel = `${world.businessId}-created-${round}`
      await world.defineWebhook(`/created-${round}`, [channel])
      await world.inForce()
      created.push(startLoad(world, { lanes: lanesOf([channel], 5), perSecond: 10 }))
      await replaceAll(folder)
    }
    const published = (await Promise.all([load, ...created].map((one) => one.stop()))).flat()
    sluggish = false
    const report = await world.arrived(published, 90_000)
    figure(
      59,
      `${rounds} upgrades and rollbacks, ${published.length} events: missing ${report.missing.length}, asked for again ${failed.size} and repeated ${report.repeated - failed.size} without that, ends ${world.ends.length}`,
    )
    expect(report.missing).toEqual([])
    expect(report.faults).toEqual([])
    // 14 ends a round, all of them asked for.
    expect(world.ends.filter((end) => !end.includes('exit code 0'))).toEqual([])
    expect(world.ends).toHaveLength(rounds * 14)
    expect(await readByBoth(stack.topicPrefix)).toMatchObject({ deadLetters: [] })
  },
)

/**
 * Reads every topic of both versions by either version's schema.
 * @throws Error if a record cannot be read.
 */
async function readByBoth(prefix: string): Promise<{ deadLetters: string[]; records: number }> {
  const kafka = openKafka(inject('brokers'))
  const codec = openCodec(inject('schemaRegistryUrl'))
  const read = { deadLetters: [] as string[], records: 0 }
  for (const topic of sharedTopics()) {
    const former = JSON.parse(readFileSync(join(folder, 'schemas', topic.schema), 'utf8')) as object
    for (const schema of [former, readSchema(topic)]) {
      const values = await readValues(kafka, prefix + topic.name, codec.decoder<{ reason?: string }>(schema))
      read.records += values.length
      if (topic === topics.webhookDeadLetters)
        read.deadLetters.push(...values.map(({ decoded }) => String(decoded.reason)))
    }
  }
  return read
}
