import { WaitAbandoned } from '../../../services/platform/runtime/retry-until.ts'
import type { SimulatedProcess } from '../process.ts'
import type { World } from '../world.ts'
import { GroupCoordinator } from './coordinator.ts'
import { PartitionLog } from './log.ts'
import { Ownership } from './ownership.ts'

export const brokerCount = 3

/** State of the network and the brokers at present; the faults of a plan change it. */
export type Weather = {
  /** Share of requests whose answer is lost; half of them are lost before they arrive. */
  lostShare: number
  /** Share of requests that take up to a second. */
  slowShare: number
  /** True if a member gives its assignment up as soon as it hears of a rebalance, not only once it has joined again. */
  losesEarly: boolean
}

/** A request was not answered: the broker is away, or request or answer were lost. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

/**
 * Kafka as its clients see it: topics whose partitions have a leader among the brokers, and a coordinator for each
 * group. What is in a log is in every replica: a broker that goes away loses no record, but answers and time.
 */
export class SimulatedCluster {
  readonly world: World
  readonly weather: Weather = { lostShare: 0, slowShare: 0.01, losesEarly: false }
  readonly ownership = new Ownership()
  /** Topics that refuse records because of missing rights. */
  readonly forbidden = new Set<string>()
  /** Maximum bytes of a record's value. */
  maxRecordBytes = 1_000_000
  readonly #logs = new Map<string, PartitionLog[]>()
  readonly #groups = new Map<string, GroupCoordinator>()
  readonly #awayUntilMs: number[] = Array.from({ length: brokerCount }, () => 0)
  /** Called with each breach of what Kafka's clients must keep to. */
  readonly violation: (what: string) => void

  constructor(world: World, violation: (what: string) => void) {
    this.world = world
    this.violation = violation
  }

  createTopic(topic: string, partitions: number): void {
    const log = (partition: number) => new PartitionLog(topic, partition, Math.floor(this.world.random() * brokerCount))
    this.#logs.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => log(partition)),
    )
  }

  partitions(topic: string): readonly PartitionLog[] {
    return this.#logs.get(topic) ?? []
  }

  log(topic: string, partition: number): PartitionLog {
    const log = this.#logs.get(topic)?.[partition]
    if (!log) throw new Error(`the simulated cluster has no ${topic}/${partition}`)
    return log
  }

  topics(): Iterable<string> {
    return this.#logs.keys()
  }

  recordCount(topic: string): number {
    return this.partitions(topic).reduce((sum, { end }) => sum + end, 0)
  }

  group(groupId: string): GroupCoordinator {
    const known = this.#groups.get(groupId)
    if (known) return known
    const made = new GroupCoordinator(groupId, this, Math.floor(this.world.random() * brokerCount))
    this.#groups.set(groupId, made)
    return made
  }

  groups(): Iterable<GroupCoordinator> {
    return this.#groups.values()
  }

  /** Id of a topic's log, in the form of Kafka's own. */
  logId(topic: string): string {
    return Buffer.from(topic.padEnd(16, '-').slice(0, 16)).toString('base64url')
  }

  /** A broker goes away. Its partitions find another leader after a while, and its groups another coordinator. */
  takeAway(broker: number, forMs: number): void {
    this.world.trace(`broker ${broker} away for ${Math.round(forMs)}`)
    this.#awayUntilMs[broker] = this.world.nowMs + forMs
    this.world.after(this.world.between(500, 4_000), () => {
      if (!this.isAway(broker)) return
      const next = (broker + 1) % brokerCount
      for (const logs of this.#logs.values()) for (const log of logs) if (log.leader === broker) log.leader = next
      for (const group of this.#groups.values()) if (group.broker === broker) group.moveTo(next)
    })
  }

  isAway(broker: number): boolean {
    return this.world.nowMs < (this.#awayUntilMs[broker] ?? 0)
  }

  latencyMs(): number {
    const { random } = this.world
    return random() < this.weather.slowShare ? 5 + random() * 1_000 : 0.2 + random() * 3
  }

  /**
   * Sends a request. It travels, is served whatever becomes of the sender, and its answer travels back.
   * @param serve answers by calling back, at once or later.
   * @throws NoAnswer.
   */
  ask<T>(process: SimulatedProcess, broker: () => number, serve: (reply: (answer: T) => void) => void): Promise<T> {
    const { world } = this
    return new Promise((resolve, reject) => {
      const fail = (afterMs: number, why: string) => process.after(afterMs, () => reject(new NoAnswer(why)))
      const isLost = world.random() < this.weather.lostShare
      if (isLost && world.random() < 0.5) return void fail(world.between(500, 5_000), 'the request was lost')
      world.after(this.latencyMs(), () => {
        if (this.isAway(broker())) return void fail(world.between(10, 500), `broker ${broker()} is away`)
        if (isLost) fail(world.between(500, 5_000), 'the answer was lost')
        serve((answer) => {
          if (!isLost) process.after(this.latencyMs(), () => resolve(answer))
        })
      })
    })
  }

  /** Like ask, again and again until there is an answer. @throws WaitAbandoned when `over` is aborted before. */
  async askUntilAnswered<T>(
    process: SimulatedProcess,
    broker: () => number,
    serve: (reply: (answer: T) => void) => void,
    over?: AbortSignal,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.ask(process, broker, serve)
      } catch (error) {
        if (over?.aborted) throw new WaitAbandoned((error as NoAnswer).message, { cause: error })
        await process.clock.sleep(this.world.between(100, 1_000), over)
      }
    }
  }

  anyBroker(): number {
    for (let broker = 0; broker < brokerCount; broker++) if (!this.isAway(broker)) return broker
    return 0
  }
}
