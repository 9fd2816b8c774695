import { createRequire } from 'node:module'
import { systemClock } from '../../runtime/clock.ts'
import { isDenied, nameDenial } from '../security/denied.ts'
import type { ConsumerGroup, ConsumerGroupClass, KafkajsCluster } from './kafkajs-inside.ts'
import { isClosing, isStopping, reportDenial } from './membership.ts'
import { mayDo } from './protocols/metadata-protocol.ts'
import { msSinceOverdue } from './request-queue.ts'

type Fault = Error & { type?: string; cause?: unknown; host?: string; port?: number }

/** Pause between two tries to fetch from a broker that is away, to find a coordinator, or to join. */
const pauseMs = 250
/** How long a member tries to join while no coordinator answers, before the consumer crashes and starts anew. */
const joinLimitMs = 30_000
/** Pause between two tries of what Kafka's ACLs deny. Shorter than any session, so that a member stays one. */
const deniedPauseMs = 1_000

const connectionFaults = ['KafkaJSConnectionError', 'KafkaJSConnectionClosedError', 'KafkaJSRequestTimeoutError']
const movedLeaders = ['LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH']
const movedCoordinator = ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS']

/**
 * Keeps a member in its group while brokers go and come back. In kafkajs 2.2.4 (consumer/consumerGroup) one broker that
 * is away stops fetching from all of them. Nothing looks for a new coordinator until the consumer has crashed; it then
 * joins as a new member, while the group waits for the session of the old one. And each change of a leader makes the
 * whole group join again. Here only the fetches from that broker wait, the coordinator is looked for at the first
 * heartbeat that fails, and new leaders are read from the metadata.
 * Heartbeats may fail for as long as a session lasts; after that other members may own the partitions, and fetching
 * stops.
 * A right that is taken away ends kafkajs' consumer for good, and its process with it, again after each restart. Here the
 * member reports what is denied, and tries until it is allowed.
 */
export function outliveBrokers(ofKafkajs: ConsumerGroupClass): ConsumerGroupClass {
  return class extends ofKafkajs {
    #search: Promise<void> | undefined
    #hasLeft = false

    override leave(): Promise<void> {
      this.#hasLeft = true
      return super.leave()
    }

    override async joinAndSync(): Promise<void> {
      const giveUpMs = systemClock.monotonicMs() + joinLimitMs
      for (let isFirst = true; ; isFirst = false)
        try {
          if (!isFirst) await this.cluster.refreshMetadata()
          requireRead(this)
          return await super.joinAndSync()
        } catch (error) {
          const fault = unwrap(error)
          const mayWait = isAway(fault, movedCoordinator) && systemClock.monotonicMs() < giveUpMs
          const mayBeAllowed = isDenied(fault) && !isStopping(this.cluster)
          if (isDenied(fault)) nameDenial(fault, 'Read', `group ${this.groupId}`)
          if ((!mayWait && !mayBeAllowed) || this.#isOver()) throw isDenied(fault) ? fault : error
          if (isDenied(fault)) await this.#report(fault)
          else await systemClock.sleep(pauseMs)
        }
    }

    override async heartbeat(options: { interval: number }): Promise<void> {
      try {
        if (!this.#search) await super.heartbeat(options)
      } catch (error) {
        // Joining waits until it is allowed.
        if (isDenied(error as Fault)) throw Object.assign(new Error('denied'), { type: 'REBALANCE_IN_PROGRESS' })
        if (!isAway(error as Fault, movedCoordinator)) throw error
        this.#search ??= this.#findCoordinator()
        this.#search.catch(() => undefined)
      }
      if (this.#search && systemClock.nowMs() - this.lastRequest > this.sessionTimeout) await this.#search
    }

    override async recoverFromFetch(error: Fault): Promise<void> {
      const fault = unwrap(error)
      if (!isDenied(fault) && !isAway(error, movedLeaders)) return super.recoverFromFetch(error)
      if (this.#isOver()) return
      if (isDenied(fault)) return this.#report(fault)
      removeBroker(this.cluster, error)
      await systemClock.sleep(pauseMs)
      await this.cluster.refreshMetadata()
    }

    /** @throws an error that kafkajs' consumer retries, without joining again. */
    async #findCoordinator(): Promise<void> {
      const { groupId, cluster } = this
      try {
        const { coordinator } = await cluster.findGroupCoordinatorMetadata({ groupId, coordinatorType: ofGroups })
        this.coordinator = await cluster.findBroker({ nodeId: coordinator.nodeId })
        if (this.offsetManager) this.offsetManager.coordinator = this.coordinator
      } catch (error) {
        await systemClock.sleep(pauseMs)
        throw error
      } finally {
        this.#search = undefined
      }
    }

    /** Resolves when the next try is due. */
    async #report(denial: Fault): Promise<void> {
      reportDenial(this.cluster, nameDenial(denial, 'Read', `group ${this.groupId}`).message)
      await systemClock.sleep(deniedPauseMs)
    }

    #isOver(): boolean {
      return this.#hasLeft || isClosing(this.cluster)
    }
  }
}

/** @throws a denial of a topic that must not be read. Without this it would show at the first fetch, which may be late. */
function requireRead({ cluster, topicsSubscribed }: Pick<ConsumerGroup, 'cluster' | 'topicsSubscribed'>): void {
  const known = cluster.brokerPool?.metadata?.topicMetadata ?? []
  const denied = known.find((metadata) => topicsSubscribed.includes(metadata.topic) && !mayDo('Read', metadata))
  if (!denied) return
  const type = 'TOPIC_AUTHORIZATION_FAILED'
  throw nameDenial(Object.assign(new Error('by the metadata'), { type }), 'Read', denied.topic)
}

const ofGroups = 0

type Runner = { running: boolean; fetch(nodeId: unknown): Promise<unknown[]> }

/**
 * Ends the fetchers of a consumer that has stopped. When a consumer of kafkajs 2.2.4 (consumer/fetchManager) stops
 * while a broker comes or goes, new fetchers are made after the old ones were told to stop. They fetch nothing, without a
 * pause, for ever: the event loop stands still and the process never ends.
 */
export function endStoppedFetchers(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/consumer/runner.js') as { prototype: Runner }
  const { KafkaJSError } = require('kafkajs/src/errors.js') as { KafkaJSError: new (message: string) => Error }
  const fetch = prototype.fetch
  prototype.fetch = async function (this: Runner, nodeId) {
    if (!this.running) throw new KafkaJSError('the consumer has stopped')
    return fetch.call(this, nodeId)
  }
}

type PooledBroker = {
  isConnected(): boolean
  connectionPool: {
    host: string
    port: number
    pool: { requestQueue: { inflight: Map<number, { sentAt: number }> } }[]
  }
}
type BrokerPool = {
  brokers: Record<string, PooledBroker>
  findBroker(of: { nodeId: string }): Promise<PooledBroker>
  findConnectedBroker(): Promise<PooledBroker>
}

/**
 * Reads metadata from a broker that answers. kafkajs 2.2.4 (cluster/brokerPool) asks any connected broker, also one that
 * hangs, and everything that needs the metadata waits with it. Here the order is that of inOrderOfSilence, after the
 * least loaded node of Kafka's own client.
 */
export function askBrokersThatAnswer(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/cluster/brokerPool.js') as { prototype: BrokerPool }
  const findAny = prototype.findConnectedBroker
  prototype.findConnectedBroker = function (this: BrokerPool) {
    const nodeId = inOrderOfSilence(this.brokers).find((id) => this.brokers[id]?.isConnected())
    return nodeId === undefined ? findAny.call(this) : this.findBroker({ nodeId })
  }
}

/** How long a broker counts as silent after a request to it was overdue. */
const distrustMs = 30_000

/**
 * Node ids; first those of brokers whose oldest unanswered request is youngest, in random order where that is equal, and
 * last those that have let a request become overdue.
 */
export function inOrderOfSilence(brokers: Readonly<Record<string, PooledBroker>>): string[] {
  const nowMs = systemClock.nowMs()
  const silentMs = ({ connectionPool: { host, port, pool } }: PooledBroker) =>
    Math.max(
      0,
      distrustMs - msSinceOverdue(host, port),
      ...pool.flatMap(({ requestQueue }) => [...requestQueue.inflight.values()].map(({ sentAt }) => nowMs - sentAt)),
    )
  const ids = Object.entries(brokers).map(([id, broker]) => ({ id, silentMs: silentMs(broker) }))
  const first = Math.floor(systemClock.random() * ids.length)
  const anyOrder = [...ids.slice(first), ...ids.slice(0, first)]
  return anyOrder.toSorted((a, b) => a.silentMs - b.silentMs).map(({ id }) => id)
}

type CoordinatorQuestion = { groupId: string; coordinatorType: number }
type CoordinatorAnswer = { coordinator: { nodeId: number } }
type AskedBroker = PooledBroker & { findGroupCoordinator(question: CoordinatorQuestion): Promise<CoordinatorAnswer> }
type AskedCluster = {
  brokerPool: { brokers: Record<string, PooledBroker>; findBroker(of: { nodeId: string }): Promise<AskedBroker> }
  refreshMetadata(): Promise<void>
  findGroupCoordinatorMetadata(question: CoordinatorQuestion): Promise<CoordinatorAnswer>
}

/**
 * Asks all brokers for a group's coordinator. kafkajs 2.2.4 (cluster/index) gives up at the first broker that it cannot
 * connect to, and replaces the brokers' answers by an error of its own that ends the consumer for good, "Failed to find
 * group coordinator". Here the answer of the last broker counts.
 */
export function askEveryBroker(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/cluster/index.js') as { prototype: AskedCluster }
  prototype.findGroupCoordinatorMetadata = async function (this: AskedCluster, question) {
    if (Object.keys(this.brokerPool.brokers).length === 0) await this.refreshMetadata()
    let failure: unknown = new Error('the metadata name no broker')
    for (const nodeId of inOrderOfSilence(this.brokerPool.brokers))
      try {
        const broker = await this.brokerPool.findBroker({ nodeId })
        return await broker.findGroupCoordinator(question)
      } catch (error) {
        failure = error
      }
    throw failure
  }
}

/** The fault that kafkajs has tried to overcome in vain. */
function unwrap(error: unknown): Fault {
  const { cause } = error as Fault
  return cause instanceof Error ? unwrap(cause) : (error as Fault)
}

function isAway({ name, type }: Fault, types: readonly string[]): boolean {
  return connectionFaults.includes(name) || types.includes(type ?? '')
}

function removeBroker(cluster: KafkajsCluster, { name, host, port }: Fault): void {
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
    cluster.removeBroker({ host, port })
}
