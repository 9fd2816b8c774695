import type { ParkedRange } from '../../../domain/delivery/webhook-snapshot.ts'
import type { RecordPosition } from '../../../platform/runtime/record-faults.ts'
import { ParkedIndex } from '../parking/parked-ranges.ts'
import { AwaitedCommits, type ShownProgress } from './awaited-commits.ts'
import { encodeOffsetMap, type OffsetMap } from './offset-map.ts'
import { OffsetTracker, type TrackedOffset } from './offset-tracker.ts'

/** Offsets above the commit that are finished, from the commit's metadata. */
export type FinishedAbove = Pick<OffsetMap, 'finished' | 'next' | 'unfinished'>

/** Progress of a topic's partition. */
type Progress = { watermark: number; unfinished: number[]; next: number }

/** metadata: null if it does not fit into a commit. */
type EncodedProgress = { offset: number; metadata: string | null; changes: number }

type Source = {
  readonly topic: string
  readonly tracker: OffsetTracker
  /** Progress at the last call of takeCommits; null if it must be encoded again. */
  encoded: EncodedProgress | null
  /** The last commit, as text. */
  committed: string | null
  resumed: ResumePoint
}

/** Record that another owner has answered for: of a topic that is committed, or of a queue in webhook-parked. */
export type AnsweredRecord = { topic: string; offset: number } | { parkedQueue: string; offset: number }

/** Start of reading a topic's partition after an assignment. */
export type ResumePoint = { offset: number; finishedAbove: FinishedAbove | null }

/** State left by the former owner of a partition number (RestoredPartition). */
type FormerProgress = {
  resume: ReadonlyMap<string, ResumePoint>
  parked: ReadonlyMap<string, ParkedRange>
  answeredRecords: readonly AnsweredRecord[]
}

const fromBeginning: ResumePoint = { offset: 0, finishedAbove: null }

/** State of one partition number: the progress of each of its topics, and the parked ranges. */
export class PartitionState {
  readonly number: number
  readonly parked = new ParkedIndex()
  /** While a part of webhook-parked is being read: the queues that take records from it. */
  draining: Set<string> | null = null
  /** Number of drain passes so far; decides which queue goes next. */
  drains = 0
  /** Queues whose records in webhook-parked a former owner wrote, and the offsets of those not looked through yet. */
  readonly unseen = new Map<string, { from: number; to: number }>()
  /** Offsets in webhook-replays of joined messages that this process has written, or taken over, and not read yet. */
  readonly unreadJoined = new Set<number>()
  /** Offset up to which the takeover has read joined messages in webhook-replays. */
  joinedEnd = 0
  #sources = new Map<string, Source>()
  readonly awaited = new AwaitedCommits()

  constructor(number: number) {
    this.number = number
  }

  /** Begins to read the topics again from their commits. A read of webhook-parked under way is obsolete. */
  rewind(): void {
    this.draining = null
    for (const { topic, tracker } of this.#sources.values()) this.awaited.rewind(topic, tracker.next ?? 0)
    this.#sources = new Map()
  }

  /** Forgets the awaited commits that the next one makes up for. @returns whether none is left. */
  settleAwaited(): boolean {
    return this.awaited.settle((topic) => showProgress(this.#source(topic), this.nextOffset(topic)))
  }

  /** Puts records taken from webhook-parked back unsent; a read under way no longer takes any of this queue. */
  putBackParked(queueId: string, offset: number): void {
    this.parked.rewind(queueId, offset)
    this.draining?.delete(queueId)
  }

  /** Takes over the commits of a former owner, what it has answered for since, and the records that it has parked. */
  restore({ resume, parked, answeredRecords }: FormerProgress): void {
    for (const [topic, point] of resume) this.resume(topic, point)
    for (const [queueId, range] of parked) {
      this.parked.restore(queueId, range)
      this.unseen.set(queueId, { from: range.from, to: range.last + 1 })
    }
    this.answeredElsewhere(answeredRecords)
  }

  /** Notes records that another owner has answered for. */
  answeredElsewhere(records: readonly AnsweredRecord[]): void {
    for (const record of records)
      if ('topic' in record) this.awaited.answer(record.topic, record.offset)
      else this.parked.answer(record.parkedQueue, record.offset)
  }

  resume(topic: string, point: ResumePoint): void {
    const source = this.#source(topic)
    source.resumed = point
    source.encoded = null
  }

  /** Offset after the last record of a topic that was taken. */
  nextOffset(topic: string): number {
    const { tracker, resumed } = this.#source(topic)
    return tracker.next ?? resumed.offset
  }

  /**
   * Takes the next record of a topic.
   * @returns null when its outcome is in Kafka already.
   */
  take(topic: string, offset: number): { owner: OffsetTracker; tracked: TrackedOffset } | null {
    const { tracker, resumed } = this.#source(topic)
    const tracked = tracker.take(offset)
    if (!resumed.finishedAbove?.finished(offset)) return { owner: tracker, tracked }
    tracker.finish(tracked)
    return null
  }

  /**
   * Commits for topics whose finished offsets have changed since they were last committed.
   * @returns congested: the offsets finished above some commit do not fit into its metadata.
   */
  takeCommits(): { commits: (RecordPosition & { metadata: string })[]; congested: boolean } {
    const commits: (RecordPosition & { metadata: string })[] = []
    let congested = false
    for (const source of this.#sources.values()) {
      const { topic, tracker } = source
      if (source.encoded?.changes !== tracker.changes) source.encoded = encodeProgress(source)
      if (source.encoded === null) continue
      const { offset, metadata } = source.encoded
      congested ||= metadata === null
      const shown = `${offset} ${metadata ?? ''}`
      if (shown === source.committed) continue
      source.committed = shown
      commits.push({ topic, partition: this.number, offset, metadata: metadata ?? '' })
    }
    return { commits, congested }
  }

  forgetCommits(): void {
    for (const source of this.#sources.values()) source.committed = null
  }

  #source(topic: string): Source {
    let source = this.#sources.get(topic)
    if (!source) {
      source = { topic, tracker: new OffsetTracker(), encoded: null, committed: null, resumed: fromBeginning }
      this.#sources.set(topic, source)
    }
    return source
  }
}

/** Progress that the next commit shows, including that of the former one. */
function showProgress({ tracker, resumed: { offset: committed, finishedAbove } }: Source, next: number): ShownProgress {
  const unfinished = new Set(tracker.unfinished())
  const wasFinished = (offset: number) => offset < committed || (finishedAbove?.finished(offset) ?? false)
  return { next, isFinished: (offset) => (offset < next ? !unfinished.has(offset) : wasFinished(offset)) }
}

function encodeProgress(source: Source): EncodedProgress | null {
  const progress = readProgress(source)
  if (progress === null) return null
  const { watermark, unfinished, next } = progress
  const metadata = encodeOffsetMap(watermark, unfinished, next)
  return { offset: watermark, metadata, changes: source.tracker.changes }
}

/** Progress to commit. Offsets that the former commit marked as finished stay so until they have been read again. */
function readProgress({ tracker, resumed: { finishedAbove } }: Source): Progress | null {
  const { watermark, next } = tracker
  if (watermark === null || next === null) return null
  const unfinished = tracker.unfinished()
  if (!finishedAbove || finishedAbove.next <= next) return { watermark, unfinished, next }
  const ahead = finishedAbove.unfinished.filter((offset) => offset >= next)
  const all = [...unfinished, ...ahead]
  return { watermark: all[0] ?? finishedAbove.next, unfinished: all, next: finishedAbove.next }
}

/**
 * Partition numbers of this instance. Only a takeover adds one, so results that arrive after a partition has left find
 * none.
 */
export class Partitions {
  readonly #states = new Map<number, PartitionState>()

  /** @returns undefined when it belongs to another instance, or has not been taken over yet. */
  get(number: number): PartitionState | undefined {
    return this.#states.get(number)
  }

  set(state: PartitionState): void {
    this.#states.set(state.number, state)
  }

  delete(number: number): void {
    this.#states.delete(number)
  }

  /** Takes the next record of a partition. @returns null if it is not owned, or its outcome is in Kafka already. */
  take({ topic, partition, offset }: RecordPosition): { finish: () => void } | null {
    const taken = this.#states.get(partition)?.take(topic, offset)
    return taken ? { finish: () => taken.owner.finish(taken.tracked) } : null
  }

  /** Number of queues with notifications in webhook-parked that have no outcome yet. */
  get parkedWebhooks(): number {
    let count = 0
    for (const { parked } of this.#states.values()) count += parked.size
    return count
  }

  /** Whether webhook-parked has a delivery of the replay. */
  holdReplay(replayId: string): boolean {
    for (const { parked } of this.#states.values()) if (parked.holdsReplay(replayId)) return true
    return false
  }

  /**
   * Commits for topics whose progress has changed since the last call.
   * @returns congested: the offsets finished above some commit do not fit into its metadata.
   */
  takeCommits(): { commits: (RecordPosition & { metadata: string })[]; congested: boolean } {
    const taken = [...this].map((state) => state.takeCommits())
    return { commits: taken.flatMap(({ commits }) => commits), congested: taken.some(({ congested }) => congested) }
  }

  /** Index of the partition in which the queue is parking; undefined if it is not. */
  parking(queueId: string): ParkedIndex | undefined {
    for (const { parked } of this.#states.values()) if (parked.isParking(queueId)) return parked
    return undefined
  }

  [Symbol.iterator](): Iterator<PartitionState> {
    return this.#states.values()
  }
}
