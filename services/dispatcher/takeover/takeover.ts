import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import { breakerWindowMs, type WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { Committed } from '../../platform/kafka/committed.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { toHomeTopic, toQueueId } from '../engine/item-ids.ts'
import { decodeOffsetMap } from '../engine/offsets/offset-map.ts'
import type { ResumePoint } from '../engine/offsets/partition-state.ts'
import type { RestoredPartition } from '../engine/restored-partition.ts'
import { type AnswersContext, addAnswered, findAnswered, inTheirLogs, isCommitted } from './answers.ts'
import { readEnd } from './read-end.ts'
import { readReplays } from './replays-tail.ts'
import { foldGate, readGate } from './restored-gates.ts'
import { readEpoch, SnapshotLog } from './snapshot-log.ts'
import type { UnreadableRecords } from './unreadable-records.ts'

export type TakeoverContext = AnswersContext & {
  reader: Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>
  health: { topic: string; decode: Decode<WebhookSnapshot> }
  parked: { topic: string; decode: Decode<PendingDelivery> }
  /**
   * Receives unreadable records of webhook-health and webhook-parked. The stats-aggregator makes dead letters of those
   * in webhook-attempts.
   */
  unreadable: Pick<UnreadableRecords, 'add'>
  /** webhook-deliveries. */
  deliveries: string
  /** webhook-replays. */
  replays: string
  decodeReplay: Decode<PendingDelivery>
  /** All webhooks. */
  definitions: () => Iterable<{ definition: Pick<WebhookDefinition, 'bufferSeconds' | 'collapseStatuses'> }>
  log: Pick<Logger, 'error'>
  nowMs: () => number
}

/**
 * Number of the latest attempts that are read in two cases, which takes some tenths of a second. Without a snapshot, at
 * least these are read, whatever their times say: a clock may be wrong by more than the breaker's window. And where
 * messages are joined or statuses left out, their answers are known, although a snapshot reflects them: a formatter that
 * was killed has written some twice. The second ones would be joined with others, or sent after what superseded them.
 */
const latestAttempts = 10_000

export type TakenOver = {
  restored: RestoredPartition
  /** Where the reading of webhook-attempts began: commits show what earlier attempts answer for. */
  attemptsFrom: number
  /** Where it ended. */
  attemptsEnd: number
  parkedEnd: number
  /** Epoch of this ownership, above that of every earlier owner (SnapshotLog). */
  epoch: number
  /** Offset after the last record of webhook-health that was read. */
  healthOffset: number
}

/**
 * Reads the state of a partition number from its topics (docs/architecture.md, taking over): the newest snapshots of
 * webhook-health, then webhook-parked and webhook-attempts after the offsets that the snapshots reflect. Snapshots are
 * written every few seconds, so this takes no longer after ten busy minutes than after one.
 */
export async function takeOver(
  partition: number,
  committed: ReadonlyMap<string, ReadonlyMap<number, Committed>>,
  context: TakeoverContext,
): Promise<TakenOver> {
  const { reader, health, attempts, parked, deliveries, replays, logIds, nowMs } = context
  const [healthEnd, attemptsEnd, parkedEnd, deliveriesEnd] = await Promise.all(
    [health.topic, attempts.topic, parked.topic, deliveries].map((topic) => readEnd(reader, topic, partition)),
  )
  const log = await readHealth(partition, healthEnd ?? 0, context)
  const snapshots = inTheseLogs(partition, log.webhooks(), context)
  const latest = Math.max(0, (attemptsEnd ?? 0) - latestAttempts)
  const startOfWindow = async () => {
    const startMs = nowMs() - breakerWindowMs
    const start = (await reader.offsetsAt(attempts.topic, startMs)).get(partition) ?? 0
    return Math.min(start, latest)
  }
  const own = log.partition
  const from = {
    attemptsOffset:
      own && isSameLog(logIds.attemptsLogId, own.attemptsLogId) ? own.attemptsOffset : await startOfWindow(),
    parkedOffset: own && isSameLog(logIds.parkedLogId, own.parkedLogId) ? own.parkedOffset : 0,
    asOf: own?.asOf ?? 0,
  }
  const recallsAnswers = Iterator.from(context.definitions()).some(
    ({ definition: { bufferSeconds, collapseStatuses } }) => bufferSeconds > 0 || collapseStatuses,
  )
  const answersFrom = recallsAnswers ? Math.min(from.attemptsOffset, latest) : from.attemptsOffset
  const restored = restore(snapshots, resumePoints(partition, committed))
  await Promise.all([
    readTail(
      partition,
      parked,
      from.parkedOffset,
      parkedEnd ?? 0,
      reader,
      (pending, { offset }) => addParked(restored.parked, pending, offset),
      (record, reason) => context.unreadable.add(record, reason),
    ),
    readTail(
      partition,
      attempts,
      answersFrom,
      attemptsEnd ?? 0,
      reader,
      (attempt, { offset }) => {
        addAnswered(restored.answered, attempt)
        if (offset < from.attemptsOffset) return
        const answered = findAnswered(attempt, context)
        if (answered && !isCommitted(answered, restored.resume)) restored.answeredRecords.push(answered)
        // A webhook's snapshot is written when it differs: it stands as of the partition's, which is written with each.
        foldGate(restored.gates, attempt, Math.max(snapshots.get(attempt.webhookId)?.asOf ?? 0, from.asOf))
      },
      () => undefined,
    ),
  ])
  await readReplays(partition, restored, context)
  // Limits `since` to the end of its topic: it may belong to another log, and that offset may never come.
  const homes = { deliveriesTopic: deliveries, replaysTopic: replays }
  for (const [queueId, range] of restored.parked) {
    const end = toHomeTopic(queueId, homes) === deliveries ? deliveriesEnd : restored.joinedEnd
    restored.parked.set(queueId, { ...range, since: Math.min(range.since, end ?? 0) })
  }
  restored.answeredRecords = await inTheirLogs(restored.answeredRecords, (topic) => readEnd(reader, topic, partition))
  return {
    restored,
    attemptsFrom: Math.min(from.attemptsOffset, attemptsEnd ?? 0),
    attemptsEnd: attemptsEnd ?? 0,
    parkedEnd: parkedEnd ?? 0,
    // Includes the time, so that two takeovers that find the same, one of which wrote nothing before it was cut off,
    // differ.
    epoch: Math.max(log.newestEpoch + 1, Math.floor(nowMs())),
    healthOffset: healthEnd ?? 0,
  }
}

/** Whether a stored offset belongs to the log that exists now; earlier versions stored no id. */
function isSameLog(logId: string | null, stored: string | null | undefined): boolean {
  return logId === null || stored === null || stored === undefined || logId === stored
}

/** Snapshots without their ranges in a webhook-parked that no longer exists. */
function inTheseLogs(
  partition: number,
  snapshots: ReadonlyMap<string, WebhookSnapshot>,
  { logIds, parked, log }: TakeoverContext,
): Map<string, WebhookSnapshot> {
  const kept = new Map<string, WebhookSnapshot>()
  const lost: string[] = []
  for (const [webhookId, record] of snapshots) {
    const isLost = record.parked !== null && !isSameLog(logIds.parkedLogId, record.parkedLogId)
    if (isLost) lost.push(webhookId)
    kept.set(webhookId, isLost ? { ...record, parked: null } : record)
  }
  if (lost.length > 0)
    log.error(
      { topic: parked.topic, partition, webhookIds: lost },
      'webhook-parked was recreated: its parked deliveries are lost',
    )
  return kept
}

/** Start of each topic of the partition number, from the last commits. */
export function resumePoints(
  partition: number,
  committed: ReadonlyMap<string, ReadonlyMap<number, Committed>>,
): Map<string, ResumePoint> {
  const points = new Map<string, ResumePoint>()
  for (const [topic, partitions] of committed) {
    const commit = partitions.get(partition)
    if (commit)
      points.set(topic, { offset: commit.offset, finishedAbove: decodeOffsetMap(commit.metadata, commit.offset) })
  }
  return points
}

async function readHealth(
  partition: number,
  end: number,
  { reader, health, unreadable }: TakeoverContext,
): Promise<SnapshotLog> {
  const log = new SnapshotLog()
  const decoder = new OrderedDecoder(health.decode)
  await reader.read(health.topic, partition, 0, end, (consumed) => {
    const { key, value, headers } = consumed
    if (!key) return
    const name = key.toString('utf8')
    const epoch = readEpoch(headers)
    const add = (record: WebhookSnapshot) => log.add(name, epoch, record)
    if (value) decoder.push(value, add, (reason) => unreadable.add(consumed, reason))
    else decoder.behind(() => log.add(name, epoch, null))
  })
  await decoder.done()
  return log
}

async function readTail<T>(
  partition: number,
  { topic, decode }: { topic: string; decode: Decode<T> },
  from: number,
  end: number,
  reader: TakeoverContext['reader'],
  apply: (value: T, record: ConsumedRecord) => void,
  unreadable: (record: ConsumedRecord, reason: string) => void,
): Promise<void> {
  const decoder = new OrderedDecoder(decode)
  await reader.read(topic, partition, from, end, (record) => {
    const report = (reason: string) => unreadable(record, reason)
    if (record.value) decoder.push(record.value, (read) => apply(read, record), report)
  })
  await decoder.done()
}

function restore(snapshots: ReadonlyMap<string, WebhookSnapshot>, resume: Map<string, ResumePoint>): RestoredPartition {
  const restored: RestoredPartition = {
    resume,
    parked: new Map(),
    gates: new Map(),
    stopped: new Map(),
    joined: [],
    joinedEnd: 0,
    answered: new Map(),
    answeredRecords: [],
  }
  for (const [webhookId, snapshot] of snapshots) {
    if (snapshot.parked) restored.parked.set(webhookId, snapshot.parked)
    const gate = readGate(snapshot)
    if (gate) restored.gates.set(webhookId, gate)
  }
  return restored
}

/** Adds the next record of webhook-parked to its webhook's range. */
export function addParked(
  ranges: RestoredPartition['parked'],
  { delivery, replayId, parkedSince }: PendingDelivery,
  offset: number,
): void {
  const queueId = toQueueId(delivery.webhookId, replayId)
  const { from = offset, answered = null } = ranges.get(queueId) ?? {}
  ranges.set(queueId, { from, last: offset, since: parkedSince ?? 0, answered })
}
