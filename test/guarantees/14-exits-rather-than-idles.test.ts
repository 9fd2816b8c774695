import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type PartitionAssigner, PartitionAssigners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ServiceName, serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { figure } from '../support/figure.ts'
import { applyTopics, spawnService } from '../support/service-process.ts'
import { openKafka } from '../support/topic-reader.ts'

const limitMs = 75_000
const prefix = `exits-${randomUUID()}-`
const { publicKey } = generateKeyPairSync('ed25519')
const env: NodeJS.ProcessEnv = {
  ...process.env,
  KAFKA_BROKERS: inject('brokers').join(','),
  SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
  HOOKLINE_TOPIC_PREFIX: prefix,
  HOOKLINE_PARTITIONS: '2',
  HOOKLINE_HTTP_HOST: '127.0.0.1',
  HOOKLINE_HTTP_PORT: '0',
  HOOKLINE_AUTH_PUBLIC_KEY: JSON.stringify(publicKey.export({ format: 'jwk' })),
  HOOKLINE_KEY_RING: `test=${randomBytes(32).toString('base64')}`,
}
let cases = 0
let slowestMs = 0

/** @returns the exit code. */
async function endOf(
  name: ServiceName,
  changes: NodeJS.ProcessEnv,
): Promise<{ code: number | null | 'idle'; said: string }> {
  const startedMs = systemClock.monotonicMs()
  const service = spawnService(name, { ...env, ...changes })
  const stop = new AbortController()
  const idle = systemClock.sleep(limitMs, stop.signal).then(() => 'idle' as const)
  const code = await Promise.race([service.ended, idle])
  stop.abort()
  service.kill()
  slowestMs = Math.max(slowestMs, systemClock.monotonicMs() - startedMs)
  cases++
  return { code, said: service.output() }
}

beforeAll(() => applyTopics(env))
afterAll(() =>
  figure(14, `${cases} processes that could not work ended, the slowest after ${(slowestMs / 1_000).toFixed(1)} s`),
)

// Starts are concurrent: each is a process of its own, and some wait for Kafka's answers.
describe.concurrent.each(serviceNames)('a start of %s that cannot work', (name) => {
  test.each([
    ['a variable is wrong', { HOOKLINE_LOG_LEVEL: 'loud' }, 78, /HOOKLINE_LOG_LEVEL is "loud"/],
    ['the port is no port', { HOOKLINE_HTTP_PORT: '70000' }, 78, /HOOKLINE_HTTP_PORT is "70000"/],
  ])('a service ends when %s', async (_what, changes, code, said) => {
    const end = await endOf(name, changes)
    expect(end.code).toBe(code)
    expect(end.said).toMatch(said)
  })

  test('a service ends when another program has its port', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const end = await endOf(name, { HOOKLINE_HTTP_PORT: String((other.address() as AddressInfo).port) })
    other.close()
    expect(end.code).toBe(1)
    expect(end.said).toContain('EADDRINUSE')
  })
})

test.concurrent.each([
  ['dispatcher', { HOOKLINE_KEY_RING: 'k1=short' }],
  ['admin', { HOOKLINE_KEY_RING: 'k1=short' }],
  ['producer', { HOOKLINE_AUTH_PUBLIC_KEY: 'no key' }],
  ['admin', { HOOKLINE_AUTH_PUBLIC_KEY: 'no key' }],
] as const)('the service %s ends when its key is invalid', async (name, changes) => {
  const end = await endOf(name, changes)
  expect(end.code).toBe(78)
  expect(end.said).not.toContain('short')
})

/** An assignor that the services do not have. */
const foreign: PartitionAssigner = (context) => {
  const known = PartitionAssigners.roundRobin(context)
  return {
    ...known,
    name: 'Foreign',
    protocol: (subscription) => ({ ...known.protocol(subscription), name: 'Foreign' }),
  }
}

test.concurrent.each([
  ['formatter', topics.messageEvents.name],
  ['dispatcher', topics.webhookDeliveries.name],
  ['stats-aggregator', topics.webhookAttempts.name],
] as const)(
  'the service %s ends when its consumer group will never admit it',
  { timeout: limitMs + 30_000 },
  async (name, topic) => {
    const kafka = openKafka(inject('brokers'))
    const member = kafka.consumer({ groupId: `${prefix}${name}`, partitionAssigners: [foreign] })
    await member.connect()
    await member.subscribe({ topic: prefix + topic })
    const joined = new Promise((resolve) => member.on('consumer.group_join', resolve))
    await member.run({ eachMessage: async () => undefined })
    await joined
    const end = await endOf(name, {})
    await member.disconnect()
    expect(end.code).toBe(1)
    expect(end.said).toContain('fatal error, exiting')
  },
)
