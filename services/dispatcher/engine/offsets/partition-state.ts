import type { RecordPosition } from '../../../platform/runtime/record-faults.ts'
import { ParkedIndex } from '../parking/parked-index.ts'
import { encodeOffsetMap, type OffsetMap } from './offset-map.ts'
import { OffsetTracker, type TrackedOffset } from './offset-tracker.ts'

/** What the commit metadata said of a topic's partition: offsets above the commit that are finished. */
export type FinishedAbove = Pick<OffsetMap, 'finished' | 'next' | 'unfinished'>

/** How far a topic's partition is finished. */
export type Progress = { watermark: number; unfinished: number[]; next: number }

type Source = {
  readonly topic: string
  readonly tracker: OffsetTracker
  /** What was committed last, as text. */
  committed: string | null
  resumed: ResumePoint
}

/** Where reading a topic's partition begins after an assignment. */
export type ResumePoint = { offset: number; finishedAbove: FinishedAbove | null }

const fromBeginning: ResumePoint = { offset: 0, finishedAbove: null }

/** Everything of one partition number: how far each of its topics is finished, and what is parked. */
export class PartitionState {
  readonly number: number
  readonly parked = new ParkedIndex()
  /** While a part of webhook-parked is being read: the webhooks that take their records from it. */
  draining: Set<string> | null = null
  /** So often webhook-parked has been read: whose turn it is. */
  drains = 0
  #sources = new Map<string, Source>()

  constructor(number: number) {
    this.number = number
  }

  /** Begins to read the topics again from their commits on; what is being read of webhook-parked comes too early now. */
  rewind(): void {
    this.draining = null
    this.#sources = new Map()
  }

  /** Records taken from webhook-parked go back unsent; what is being read at the moment begins behind them. */
  putBackParked(queueId: string, offset: number): void {
    this.parked.rewind(queueId, offset)
    this.draining?.delete(queueId)
  }

  resume(topic: string, point: ResumePoint): void {
    this.#source(topic).resumed = point
  }

  /** The offset behind the last record of a topic that was taken. */
  nextOffset(topic: string): number {
    const { tracker, resumed } = this.#source(topic)
    return tracker.next ?? resumed.offset
  }

  /** Takes the next record of a topic. @returns null when its outcome is in Kafka already. */
  take(topic: string, offset: number): { owner: OffsetTracker; tracked: TrackedOffset } | null {
    const { tracker, resumed } = this.#source(topic)
    const tracked = tracker.take(offset)
    if (!resumed.finishedAbove?.finished(offset)) return { owner: tracker, tracked }
    tracker.finish(tracked)
    return null
  }

  /** Topics whose finished offsets have changed since they were last committed. @param describe what tells changes apart. */
  changed(describe: (progress: Progress) => string): { topic: string; offset: number; metadata: string }[] {
    const commits: { topic: string; offset: number; metadata: string }[] = []
    for (const source of this.#sources.values()) {
      const progress = progressOf(source)
      if (progress === null) continue
      const metadata = describe(progress)
      const shown = `${progress.watermark} ${metadata}`
      if (shown === source.committed) continue
      source.committed = shown
      commits.push({ topic: source.topic, offset: progress.watermark, metadata })
    }
    return commits
  }

  forgetCommits(): void {
    for (const source of this.#sources.values()) source.committed = null
  }

  #source(topic: string): Source {
    let source = this.#sources.get(topic)
    if (!source) {
      source = { topic, tracker: new OffsetTracker(), committed: null, resumed: fromBeginning }
      this.#sources.set(topic, source)
    }
    return source
  }
}

/** What the former commit knew of offsets that have not been read again yet stays known. */
function progressOf({ tracker, resumed: { finishedAbove } }: Source): Progress | null {
  const { watermark, next } = tracker
  if (watermark === null || next === null) return null
  const unfinished = tracker.unfinished()
  if (!finishedAbove || finishedAbove.next <= next) return { watermark, unfinished, next }
  const ahead = finishedAbove.unfinished.filter((offset) => offset >= next)
  const all = [...unfinished, ...ahead]
  return { watermark: all[0] ?? finishedAbove.next, unfinished: all, next: finishedAbove.next }
}

/** The partition numbers of this instance. Only a takeover adds one: work that ends after its partition has gone finds none. */
export class Partitions {
  readonly #states = new Map<number, PartitionState>()

  /** @returns undefined when it is another instance's, or has not been taken over yet. */
  get(number: number): PartitionState | undefined {
    return this.#states.get(number)
  }

  set(state: PartitionState): void {
    this.#states.set(state.number, state)
  }

  delete(number: number): void {
    this.#states.delete(number)
  }

  /** Webhooks with notifications in webhook-parked that have no outcome yet. */
  get parkedWebhooks(): number {
    let count = 0
    for (const { parked } of this.#states.values()) count += parked.size
    return count
  }

  /** Whether something of the replay is in webhook-parked. */
  holdReplay(replayId: string): boolean {
    for (const { parked } of this.#states.values()) if (parked.holdsReplay(replayId)) return true
    return false
  }

  /**
   * What to commit where it has changed since the last call.
   * @returns congested: what is finished above some commit does not fit into its metadata.
   */
  takeCommits(): { commits: (RecordPosition & { metadata: string })[]; congested: boolean } {
    let congested = false
    const describe = ({ watermark, unfinished, next }: Progress) => {
      const metadata = encodeOffsetMap(watermark, unfinished, next)
      if (metadata === null) congested = true
      return metadata ?? ''
    }
    const commits = [...this].flatMap((state) =>
      state.changed(describe).map((commit) => ({ ...commit, partition: state.number })),
    )
    return { commits, congested }
  }

  /** Where what comes of a queue follows its others to webhook-parked, if it does. */
  parking(queueId: string): ParkedIndex | undefined {
    for (const { parked } of this.#states.values()) if (parked.isParking(queueId)) return parked
    return undefined
  }

  [Symbol.iterator](): Iterator<PartitionState> {
    return this.#states.values()
  }
}
