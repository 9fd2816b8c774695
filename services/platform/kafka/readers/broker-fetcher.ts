import { setImmediate as turnEnded } from 'node:timers/promises'
import type { Connection } from '@platformatic/kafka'
import { untilShared } from '../../runtime/clock.ts'
import type { ReaderCluster } from '../wire/cluster.ts'
import {
  type FetchAnswer,
  type FetchRequest,
  type PartitionAnswer,
  positionKey,
  sendFetch,
} from '../wire/fetch-protocol.ts'
import { faultOfCode, faultOfError, KafkaFault } from '../wire/kafka-fault.ts'
import { FetchSession } from './fetch-session.ts'
import { LatenessWatch } from './lateness-watch.ts'
import { type AskedPosition, idleWaitMs, type PartitionReaderOptions, type Reading } from './reading.ts'

/** The reader that a fetcher works for. */
export type FetcherPorts = {
  /** All partitions that this broker leads. */
  readings(): Iterable<Reading>
  topicId(topic: string): string | undefined
  /** Partitions of which a batch is being handled, whichever broker it came from. */
  readonly handled: Set<string>
  /** Called when a partition can be fetched again, perhaps from another broker by now. */
  onHandled(): void
  onPartitionFault(reading: Reading, fault: KafkaFault): void
  onPartitionWorks(reading: Reading): void
  onBrokerFault(fault: KafkaFault): void
  /** Called when the broker has not answered in time: its partitions may have a new leader. */
  onLate(): void
  works(): void
  fail(error: unknown): void
}

const defaultMaxBytes = 1_048_576
/** Time after which the broker's other partitions do not wait any longer for a batch that is being handled. */
const patienceMs = 500
/** Bytes of answers whose batches are being handled, above which nothing is fetched. */
const maxHeldBytes = 8 * defaultMaxBytes
/** Time beyond the longest poll after which the broker counts as hanging; the connection is closed then. */
const answerMarginMs = 5_000
/** Time beyond a poll after which the metadata is read again. */
const lateMs = 1_000
const pauseMs = 250
let fetchers = 0

/** Fetches from one broker, one request at a time, on a connection of its own. */
export class BrokerFetcher {
  readonly #nodeId: number
  readonly #cluster: ReaderCluster
  readonly #options: PartitionReaderOptions
  readonly #closed: AbortSignal
  readonly #ports: FetcherPorts
  readonly #session = new FetchSession<AskedPosition>()
  readonly #use = `fetch ${fetchers++}`
  #woken = Promise.withResolvers<void>()
  #heldBytes = 0
  #isAsking = false
  #isInterrupted = false
  /** Whether the latest answer brought nothing. */
  #isQuiet = false
  #connection: Connection | undefined
  /** Resolves once the fetcher has ended, after the reader was closed. */
  readonly ended: Promise<void>

  constructor(
    nodeId: number,
    cluster: ReaderCluster,
    options: PartitionReaderOptions,
    closed: AbortSignal,
    ports: FetcherPorts,
  ) {
    this.#nodeId = nodeId
    this.#cluster = cluster
    this.#options = options
    this.#closed = closed
    this.#ports = ports
    closed.addEventListener('abort', () => void this.#connection?.close())
    this.ended = this.#run()
  }

  /** Checks again what to fetch: partitions were added or resumed, or the reader was closed. */
  wake(): void {
    this.#woken.resolve()
  }

  /**
   * Fetches new partitions without waiting until the broker ends a long poll for others. The broker reads no further
   * request from that connection before, so another one is opened.
   */
  interrupt(): void {
    if (!this.#isAsking) return
    this.#isInterrupted = true
    void this.#connection?.close()
  }

  async #run(): Promise<void> {
    while (!this.#closed.aborted) {
      try {
        await this.#fetchOnce()
      } catch (error) {
        this.#session.reset()
        const isInterrupted = this.#isInterrupted
        this.#isInterrupted = false
        if (isInterrupted && !this.#closed.aborted) continue
        const fault = faultOfError(error, this.#cluster.describe(this.#nodeId))
        if (this.#closed.aborted) return
        if (!(fault instanceof KafkaFault)) return this.#ports.fail(fault)
        this.#ports.onBrokerFault(fault)
        await this.#options.clock.sleep(pauseMs, this.#closed)
      }
    }
  }

  async #fetchOnce(): Promise<void> {
    this.#woken = Promise.withResolvers()
    if (this.#positions().length === 0 || this.#heldBytes > maxHeldBytes) return this.#woken.promise
    const answer = await this.#ask()
    if (!answer || this.#closed.aborted) return
    const handling = answer.partitions.flatMap((partition) => this.#take(partition) ?? [])
    if (handling.length > 0) await this.#waitBriefly(handling)
    // Lets the batch's results be written to their sockets before the next fetch.
    await turnEnded()
  }

  #positions(): AskedPosition[] {
    const wanted: AskedPosition[] = []
    for (const reading of this.#ports.readings()) {
      if (this.#isLeftOut(reading)) continue
      const topicId = this.#ports.topicId(reading.topic)
      if (topicId === undefined) continue
      if (!isCurrent(reading)) reading.asked = this.#position(reading, topicId)
      if (reading.asked) wanted.push(reading.asked)
    }
    return wanted
  }

  #isLeftOut({ isPaused, isHeldBack, place }: Reading): boolean {
    return isPaused || isHeldBack || this.#ports.handled.has(place)
  }

  #position(reading: Reading, topicId: string): AskedPosition {
    const { partition, position: offset, leader, generation } = reading
    const maxBytes = this.#options.maxBytesPerPartition ?? defaultMaxBytes
    const key = positionKey(topicId, partition)
    return { key, topicId, partition, offset, leaderEpoch: leader.epoch, maxBytes, reading, generation }
  }

  /** Null if the session was lost; the next request begins another one. @throws KafkaFault. */
  async #ask(): Promise<FetchAnswer | null> {
    const { maxBytes = defaultMaxBytes, send = sendFetch } = this.#options
    const limitMs = Math.max(this.#options.maxWaitMs, idleWaitMs) + answerMarginMs
    this.#connection = await this.#cluster.connection(this.#nodeId, this.#use, limitMs)
    if (this.#closed.aborted) {
      void this.#connection.close()
      return null
    }
    // Only now: more partitions may have been added meanwhile.
    const wanted = this.#positions()
    const wait = this.#wait(wanted.length)
    const request = { ...wait, maxBytes, ...this.#session.next(wanted) }
    using _lateness = new LatenessWatch(wait.maxWaitMs + lateMs, () => this.#ports.onLate())
    this.#isAsking = true
    const answer = await send(this.#connection, request).finally(() => {
      this.#isAsking = false
    })
    this.#isInterrupted = false
    const fault = answer.errorCode === 0 ? null : faultOfCode(answer.errorCode, this.#cluster.describe(this.#nodeId))
    if (fault?.kind === 'session') {
      this.#session.reset()
      return null
    }
    if (fault) throw fault
    this.#session.answered(answer.sessionId)
    this.#isQuiet = answer.partitions.every(({ errorCode, bytes }) => errorCode === 0 && bytes === 0)
    this.#ports.works()
    return answer
  }

  /**
   * How long the broker may wait, and for how much. Where nothing arrives, it waits longer, and for a first record. A
   * partition that is left out now would be fetched late, so there is no long wait then.
   */
  #wait(partitions: number): Pick<FetchRequest, 'maxWaitMs' | 'minBytes'> {
    const { maxWaitMs, minBytes = 1, clock } = this.#options
    return this.#isQuiet && partitions === [...this.#ports.readings()].length
      ? { maxWaitMs: Math.round(untilShared(clock.monotonicMs(), idleWaitMs)), minBytes: 1 }
      : { maxWaitMs, minBytes }
  }

  /** @returns the promise of a batch that is being handled. */
  #take(answer: PartitionAnswer): Promise<void> | undefined {
    const asked = this.#session.asked(positionKey(answer.topicId, answer.partition))
    // A seek, a pause, or the new leader, which was asked too, has made this answer obsolete.
    if (!asked || !isCurrent(asked.reading) || asked.reading.asked !== asked) return undefined
    const { reading, generation } = asked
    const { topic, partition, position } = reading
    if (this.#isLeftOut(reading)) return undefined
    if (answer.errorCode !== 0) {
      this.#ports.onPartitionFault(reading, faultOfCode(answer.errorCode, `topic ${topic}, partition ${partition}`))
      return undefined
    }
    this.#ports.onPartitionWorks(reading)
    const { records, nextOffset } = answer.read({ topic, partition, fromOffset: position })
    if (records.length === 0) {
      reading.position = nextOffset
      if (nextOffset > position) this.#options.onPassed?.({ topic, partition, nextOffset })
      return undefined
    }
    const settle = (taken: number) => {
      if (reading.generation === generation) reading.position = records[taken]?.offset ?? nextOffset
    }
    const taken = this.#options.onBatch({ topic, partition, records, highWatermark: answer.highWatermark, nextOffset })
    if (typeof taken === 'number') return void settle(taken)
    return this.#handle(reading, answer.bytes, taken.then(settle))
  }

  async #handle(reading: Reading, bytes: number, settled: Promise<void>): Promise<void> {
    const { handled, onHandled, fail } = this.#ports
    handled.add(reading.place)
    this.#heldBytes += bytes
    try {
      await settled
    } catch (error) {
      fail(error)
    } finally {
      handled.delete(reading.place)
      this.#heldBytes -= bytes
      onHandled()
    }
  }

  async #waitBriefly(handling: Promise<void>[]): Promise<void> {
    const done = new AbortController()
    const patience = this.#options.clock.sleep(patienceMs, done.signal)
    await Promise.race([Promise.all(handling), patience])
    done.abort()
  }
}

/** Whether the position of the latest fetch still is the one to be fetched. */
function isCurrent({ asked, position, generation, leader }: Reading): boolean {
  return asked?.offset === position && asked.generation === generation && asked.leaderEpoch === leader.epoch
}
