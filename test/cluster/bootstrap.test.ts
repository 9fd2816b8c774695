import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { startStack } from '../../deploy/local/stack/stack.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { openKafka } from '../support/topic-reader.ts'

/** Bootstrap brokers that do not work, beside the one that does. */

let hanging: TcpProxy
let closing: TcpProxy
const broken: Record<'hangs' | 'closes' | 'is gone' | 'has no address', string> = {
  hangs: '',
  closes: '',
  'is gone': '',
  'has no address': 'no-such-broker.invalid:9092',
}
const kinds = Object.keys(broken) as (keyof typeof broken)[]
const workingBroker = () => inject('brokers')[0] ?? ''

beforeAll(async () => {
  const nowhere = { host: '127.0.0.1', port: 9 }
  hanging = await startTcpProxy(nowhere)
  hanging.set('hang')
  closing = await startTcpProxy(nowhere)
  closing.set('refuse')
  const [freePort] = await findFreePorts(1)
  broken.hangs = `127.0.0.1:${hanging.port}`
  broken.closes = `127.0.0.1:${closing.port}`
  broken['is gone'] = `127.0.0.1:${freePort}`
})

afterAll(async () => {
  await hanging[Symbol.asyncDispose]()
  await closing[Symbol.asyncDispose]()
})

function secondsSince(startedMs: number): string {
  return ((systemClock.monotonicMs() - startedMs) / 1_000).toFixed(1)
}

test.each(kinds)('a client connects though a bootstrap broker %s, wherever it stands in the list', async (kind) => {
  for (const list of [
    [broken[kind], workingBroker()],
    [workingBroker(), broken[kind]],
  ]) {
    const startedMs = systemClock.monotonicMs()
    const { brokers } = await withAdmin(openKafka(list), (admin) => admin.describeCluster())
    const seconds = secondsSince(startedMs)
    await using cluster = openKafka(list).cluster
    const askedMs = systemClock.monotonicMs()
    expect((await cluster.metadata([])).size).toBe(0)
    const place = list[0] === broken[kind] ? 'first' : 'last'
    process.stdout.write(
      `a bootstrap broker that ${kind}, ${place} in the list: kafkajs connected after ${seconds} s, Cluster after ${secondsSince(askedMs)} s\n`,
    )
    expect(brokers).toHaveLength(1)
  }
})

test('topics are applied and a service starts though all bootstrap brokers but the last do not work', async () => {
  const brokers = [...Object.values(broken), workingBroker()]
  const startedMs = systemClock.monotonicMs()
  const [topicPrefix, schemaRegistryUrl] = ['test-bootstrap-', inject('schemaRegistryUrl')]
  const options = { brokers, schemaRegistryUrl, topicPrefix, partitions: 1, progress: () => undefined }
  await using stack = await startStack({ ...options, services: ['formatter'] })
  const seconds = Math.round((systemClock.monotonicMs() - startedMs) / 1_000)
  process.stdout.write(`four of five bootstrap brokers do not work: topics and formatter ready after ${seconds} s\n`)
  await expect.poll(() => stack.service('formatter').isReady()).toBe(true)
})
