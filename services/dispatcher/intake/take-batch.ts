import { recordLetter } from '../../domain/delivery/dead-letter.ts'
import type { AttemptSummary, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import { readOrder } from '../../domain/delivery/replay-orders.ts'
import { type Decode, type Decoded, mapDecode } from '../../platform/avro/codec.ts'
import type { ConsumedRecord, RecordBatch } from '../../platform/kafka/consumer.ts'
import type { Patience } from '../../platform/kafka/patience.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { type RecordFaults, type RecordPosition, SetAside } from '../../platform/runtime/record-faults.ts'
import type { Engine } from '../engine/engine.ts'
import type { Assignments } from './assignments.ts'
import type { DefinitionWait } from './definition-wait.ts'
import type { DispatcherTopics } from './dispatcher-topics.ts'
import type { DueTimes } from './due-times.ts'
import type { PartitionPauses } from './partition-pauses.ts'

/** Data of a record: a delivery, its attempts so far, when it is due, and the replay it belongs to. */
export type Arrival = {
  delivery: Delivery
  attempts: AttemptSummary[]
  dueAt: number
  replayId: string | null
  /** Rate of a replay, from its record. */
  ratePerSecond?: PendingDelivery['ratePerSecond']
  givenUpAt?: PendingDelivery['givenUpAt']
  /** Ids of messages that it stands for. */
  joined?: PendingDelivery['joined']
  /** JSON of an unsaved definition, for a test notification. */
  draft: string | null
}

export type IntakeContext = {
  engine: Pick<Engine, 'hasRoomFor' | 'offer' | 'offerOrder' | 'offerTest' | 'offerUnsendable' | 'offerFault'> & {
    joiner: Pick<Engine['joiner'], 'offer'>
  }
  faults: Pick<RecordFaults, 'guard' | 'guardAsync'>
  topics: Pick<DispatcherTopics, 'sources' | 'tests' | 'replays' | 'longestWaitMs'>
  assignments: Pick<Assignments, 'takingOver'>
  definitions: Pick<DefinitionWait, 'needed'>
  /** Waits for something that a record needs, such as its schema. */
  patience: Pick<Patience, 'wait'>
  pauses: Pick<PartitionPauses, 'waitForRoom' | 'pauseForRoom' | 'pauseUntilDue'>
  dueTimes: Pick<DueTimes, 'waitMs'>
  nowMs: () => number
  log: Pick<Logger, 'error'>
}

/** Records of webhook-deliveries are due at once. */
export function fromDelivery(decode: Decode<Delivery>): Decode<Arrival> {
  return mapDecode(decode, (delivery) => ({
    ok: true,
    value: { delivery, attempts: [], dueAt: 0, replayId: null, draft: null },
  }))
}

export function fromPending(decode: Decode<PendingDelivery>): Decode<Arrival> {
  return mapDecode(
    decode,
    ({ delivery, attempts, dueAt, why, replayId, ratePerSecond, givenUpAt, joined, definition }) => ({
      ok: true,
      value: {
        delivery,
        attempts,
        // A replay has a rate, counted from when it is sent, and no due time.
        dueAt: why === 'replay' ? 0 : dueAt,
        replayId,
        ratePerSecond,
        givenUpAt,
        joined,
        draft: definition ?? null,
      },
    }),
  )
}

/**
 * Hands a batch's records to the engine until it is full or the next one is not due.
 * @returns how many were taken; the rest is fetched again later. A promise only if something must be waited for.
 */
export function takeBatch(batch: RecordBatch, context: IntakeContext, from = 0): number | Promise<number> {
  const { topic, partition, records, assignment } = batch
  const takingOver = context.assignments.takingOver(partition)
  if (takingOver) return whenTakenOver(takingOver, batch, context, from)
  for (let index = from; index < records.length; index++) {
    const record = records[index] as ConsumedRecord
    if (!assignment.current) return index
    if (topic !== context.topics.tests && !context.engine.hasRoomFor(topic)) return whenRoom(batch, context, index)
    const taken = take(record, batch, context)
    if (taken instanceof Promise) {
      return taken.then((done) => (done ? takeBatch(batch, context, index + 1) : index))
    }
    if (!taken) return index
  }
  return records.length
}

async function whenTakenOver(
  takingOver: Promise<void>,
  batch: RecordBatch,
  context: IntakeContext,
  from: number,
): Promise<number> {
  if ((await context.patience.wait(takingOver, batch)) === 'not yet') return from
  return takeBatch(batch, context, from)
}

async function whenRoom(batch: RecordBatch, context: IntakeContext, from: number): Promise<number> {
  if (await context.pauses.waitForRoom()) return takeBatch(batch, context, from)
  context.pauses.pauseForRoom(batch.topic, batch.partition)
  return from
}

type Taken = boolean | Promise<boolean>

function take(record: ConsumedRecord, batch: RecordBatch, context: IntakeContext): Taken {
  const { value, topic } = record
  const decode = context.topics.sources.get(topic)
  if (!decode) throw new Error(`nothing is dispatched from ${topic}`)
  if (value === null) {
    const order = topic === context.topics.replays ? readOrder(record) : null
    if (order === null) context.engine.offerUnsendable(toPosition(record))
    else context.engine.offerOrder(toPosition(record), order, record.timestampMs)
    return true
  }
  const position = toPosition(record)
  const owner = () => record.key?.toString('utf8') ?? topic
  const read = () => decode(value, batch.records)
  const decoded = context.faults.guard(position, 'decoding', owner, read)
  if (decoded instanceof SetAside) return setAside(record, decoded, context)
  if (!(decoded instanceof Promise)) return settle(record, decoded, batch, context)
  let asked: ReturnType<typeof read> | undefined = decoded
  // The first try has already begun.
  const wait = async () => {
    const answer = asked ?? read()
    asked = undefined
    return answer
  }
  const coming = context.faults.guardAsync(position, 'decoding', owner, wait)
  return afterWaiting(coming, batch, context, (result) =>
    result instanceof SetAside ? setAside(record, result, context) : settle(record, result, batch, context),
  )
}

/** Takes the offset of a record that becomes a dead letter; it is finished once that is in Kafka. */
function setAside(record: ConsumedRecord, aside: SetAside, context: IntakeContext): true {
  context.engine.offerFault(toPosition(record), aside, (detail) =>
    recordLetter('fault', record, detail, context.nowMs()),
  )
  return true
}

/** Continues with the result, unless the partition has left meanwhile: its new owner reads the record. */
async function afterWaiting<T>(
  coming: Promise<T>,
  batch: RecordBatch,
  context: IntakeContext,
  goOn: (result: T) => Taken,
): Promise<boolean> {
  const result = await context.patience.wait(coming, batch)
  return result !== 'not yet' && batch.assignment.current && goOn(result)
}

function settle(record: ConsumedRecord, decoded: Decoded<Arrival>, batch: RecordBatch, context: IntakeContext): Taken {
  const position = toPosition(record)
  if (!decoded.ok) {
    context.log.error({ ...position, reason: decoded.reason }, 'record is not readable')
    context.engine.offerUnsendable(position, recordLetter('unreadable', record, decoded.reason, context.nowMs()))
    return true
  }
  const { delivery, attempts, dueAt, replayId, ratePerSecond, givenUpAt, joined = [], draft } = decoded.value
  const waitMs = context.faults.guard(
    position,
    'reading when it is due',
    () => delivery.businessId,
    () =>
      dueAt === 0
        ? 0
        : context.dueTimes.waitMs(position, dueAt, record.timestampMs, context.topics.longestWaitMs(position.topic)),
  )
  if (waitMs instanceof SetAside) return setAside(record, waitMs, context)
  if (waitMs > 0) {
    context.pauses.pauseUntilDue(position.topic, position.partition, waitMs)
    return false
  }
  const offer = () => {
    if (position.topic === context.topics.tests) {
      const letter = (detail: string) => recordLetter('fault', record, detail, context.nowMs())
      context.engine.offerTest(position, delivery, draft, letter)
    } else if (joined.length > 0) context.engine.joiner.offer(position, delivery, joined)
    else context.engine.offer(position, delivery, attempts, replayId, ratePerSecond, givenUpAt)
    return true
  }
  const needed = context.definitions.needed(position, delivery.definitionOffset, batch)
  return needed ? afterWaiting(needed, batch, context, offer) : offer()
}

function toPosition({ topic, partition, offset }: ConsumedRecord): RecordPosition {
  return { topic, partition, offset }
}
