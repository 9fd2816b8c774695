import { createRequire } from 'node:module'
import { systemClock } from '../../runtime/clock.ts'
import { msSinceOverdue } from './request-queue.ts'

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
