import { beforeEach, expect, test, vi } from 'vitest'
import { inOrderOfSilence, outliveBrokers } from '../../../../../services/platform/kafka/kafkajs-patches/broker-loss.ts'
import type { ConsumerGroupClass } from '../../../../../services/platform/kafka/kafkajs-patches/kafkajs-inside.ts'
import { registerMembership } from '../../../../../services/platform/kafka/kafkajs-patches/membership.ts'
import { nameDenial } from '../../../../../services/platform/kafka/security/denied.ts'

const sessionTimeoutMs = 8_000
const fault = (of: { name?: string; type?: string }): Error & { type?: string } =>
  Object.assign(new Error('of a broker'), of)
const refused = fault({ name: 'KafkaJSConnectionError' })

/** What kafkajs' class does, as far as it matters here. */
class Group {
  groupId = 'formatter'
  topicsSubscribed = ['message-events']
  sessionTimeout = sessionTimeoutMs
  lastRequest = Date.now()
  coordinator = 'old'
  offsetManager = { coordinator: 'old' }
  beats = 0
  recovered: unknown[] = []
  failure: Error | null = null
  cluster = {
    refreshes: 0,
    found: async () => ({ coordinator: { nodeId: 2 } }),
    findGroupCoordinatorMetadata: () => this.cluster.found(),
    findBroker: async ({ nodeId }: { nodeId: number }) => (nodeId === 2 ? 'new' : 'old'),
    refreshMetadata: async () => void this.cluster.refreshes++,
    removeBroker: () => undefined,
    brokerPool: { metadata: { topicMetadata: [] as object[] } },
  }
  async heartbeat(): Promise<void> {
    this.beats++
    if (this.failure) throw this.failure
  }
  async recoverFromFetch(error: unknown): Promise<void> {
    this.recovered.push(error)
  }
  joins: (Error | null)[] = []
  async joinAndSync(): Promise<void> {
    const failure = this.joins.shift()
    if (failure) throw failure
  }
  async leave(): Promise<void> {}
}

let group: Group
let denials: string[]
let stop: AbortController

beforeEach(() => {
  const Outliving = outliveBrokers(Group as unknown as ConsumerGroupClass) as unknown as new (of: object) => Group
  group = new Outliving({})
  denials = []
  stop = new AbortController()
  const membership = { onDenied: (reason: string) => denials.push(reason), isClosing: false, stopping: stop.signal }
  registerMembership(group.cluster as never, membership as never)
})

const beat = () => (group.heartbeat as (options: object) => Promise<void>)({ interval: 2_000 })

test.each([refused, fault({ type: 'NOT_COORDINATOR_FOR_GROUP' })])(
  'a heartbeat that cannot reach the coordinator finds the new one, also for commits ($name $type)',
  async (failure) => {
    group.failure = failure
    await beat()
    await vi.waitFor(() => expect(group.coordinator).toBe('new'))
    expect(group.offsetManager.coordinator).toBe('new')
  },
)

test('a rebalance that a heartbeat reports is passed on', async () => {
  group.failure = fault({ type: 'REBALANCE_IN_PROGRESS' })
  await expect(beat()).rejects.toThrow('of a broker')
})

test('a member whose session is over without a coordinator stops fetching', async () => {
  group.failure = refused
  group.cluster.found = () => Promise.reject(new Error('no coordinator'))
  await beat()
  group.lastRequest = Date.now() - sessionTimeoutMs - 1
  await expect(beat()).rejects.toThrow('no coordinator')
})

test('a fetch from a broker that is away reads the metadata again and does not rejoin', async () => {
  for (const error of [refused, fault({ type: 'NOT_LEADER_FOR_PARTITION' })]) await group.recoverFromFetch(error)
  expect(group).toMatchObject({ recovered: [], cluster: { refreshes: 2 } })
  const unknown = fault({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  await group.recoverFromFetch(unknown)
  expect(group.recovered).toEqual([unknown])
})

test('a member that has left connects to no broker any more', async () => {
  await group.leave()
  await group.recoverFromFetch(refused)
  expect(group.cluster.refreshes).toBe(0)
})

test('joining is tried again while the coordinator is away or loads its groups, and ends at any other fault', async () => {
  const gaveUp = Object.assign(new Error('retries exceeded'), { cause: refused })
  group.joins = [gaveUp, fault({ type: 'GROUP_LOAD_IN_PROGRESS' }), null]
  await group.joinAndSync()
  expect(group.joins).toEqual([])
  group.joins = [fault({ type: 'INCONSISTENT_GROUP_PROTOCOL' }), null]
  await expect(group.joinAndSync()).rejects.toThrow('of a broker')
})

test('a member whose group is denied reports it with the right, and joins once it is allowed', async () => {
  const wrapped = Object.assign(new Error('retries exceeded'), { cause: fault({ type: 'GROUP_AUTHORIZATION_FAILED' }) })
  group.joins = [wrapped, null]
  await group.joinAndSync()
  expect(denials).toEqual(["no permission to Read group formatter: Kafka's ACLs do not allow it (of a broker)"])
  group.failure = fault({ type: 'GROUP_AUTHORIZATION_FAILED' })
  await expect(beat()).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' })
})

test('a member does not join before all of its topics may be read', async () => {
  const topicMetadata = [
    { topic: 'message-events', authorizedOperations: 1 << 8 },
    { topic: 'webhook-config', authorizedOperations: 0 },
  ]
  group.cluster.brokerPool = { metadata: { topicMetadata } }
  group.cluster.refreshMetadata = async () => {
    topicMetadata[0] = { topic: 'message-events', authorizedOperations: 1 << 3 }
  }
  await group.joinAndSync()
  expect(denials).toEqual([expect.stringContaining('no permission to Read message-events:')])
})

test('a fetch that is denied is reported and tried again, and neither crashes nor rejoins', async () => {
  await group.recoverFromFetch(nameDenial(fault({ type: 'TOPIC_AUTHORIZATION_FAILED' }), 'Read', 'message-events'))
  expect(group).toMatchObject({ recovered: [], cluster: { refreshes: 0 } })
  expect(denials).toEqual(["no permission to Read message-events: Kafka's ACLs do not allow it (of a broker)"])
})

test('a service that is stopped no longer waits for what is denied', async () => {
  stop.abort()
  group.joins = [fault({ type: 'GROUP_AUTHORIZATION_FAILED' }), null]
  await expect(group.joinAndSync()).rejects.toThrow('of a broker')
})

test('brokers are asked in the order in which they have been silent, the shortest time first', () => {
  const nowMs = Date.now()
  /** A broker whose unanswered requests are this old, on two connections. */
  const broker = (...agesMs: number[]) => ({
    isConnected: () => true,
    connectionPool: {
      host: 'broker',
      port: 9092,
      pool: [[], agesMs].map((ages) => ({
        requestQueue: { inflight: new Map(ages.map((ageMs, id) => [id, { sentAt: nowMs - ageMs }])) },
      })),
    },
  })
  for (let time = 0; time < 20; time++)
    expect(inOrderOfSilence({ 1: broker(10, 9_000), 2: broker(), 3: broker(900, 20) })).toEqual(['2', '3', '1'])
  const seen = new Set(Array.from({ length: 200 }, () => inOrderOfSilence({ 1: broker(), 2: broker() })[0]))
  expect(seen).toEqual(new Set(['1', '2']))
})
