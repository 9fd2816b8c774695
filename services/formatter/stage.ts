import type { Event } from '../domain/event/event.ts'
import type { Decoded } from '../platform/avro/codec.ts'
import type { Assignment, Commit, ConsumedRecord, RecordBatch } from '../platform/kafka/consumer.ts'
import type { Patience } from '../platform/kafka/patience.ts'
import { type RecordFaults, SetAside } from '../platform/runtime/record-faults.ts'
import type { EventSource } from '../topics/events/event-source.ts'
import type { NotificationDecision } from './decide-notification.ts'
import type { FormatterMetrics } from './metrics.ts'
import type { Output } from './output.ts'

export type FormatterStageEdges = {
  /** Topic name in Kafka -> how it is read. */
  sources: ReadonlyMap<string, EventSource>
  decide: (event: Event, record: ConsumedRecord) => NotificationDecision
  output: Pick<Output, 'deliver' | 'setAside'>
  faults: RecordFaults
  /** Called with each record that is taken. */
  observe: (record: ConsumedRecord) => void
  /** While false, nothing more is read than what is being written. */
  hasRoom: () => boolean
  finished: (assignment: Assignment, commit: Commit) => void
  /** Waits for a schema that is not registered yet (guarantees.md, 11). */
  patience: Pick<Patience, 'wait'>
  /** Logs the record. */
  unreadable: (record: ConsumedRecord, reason: string) => void
  metrics: FormatterMetrics
  stopping: AbortSignal
}

/** Result of reading a record. */
type Read = Decoded<Event> | 'tombstone' | SetAside

/** The steps of a record, as its dead letter names them. An exception in a step belongs to that record. */
const steps = {
  read: 'reading the event',
  readLater: 'reading the event with a schema from the registry',
  decide: 'making the notification',
  deliver: 'writing the notification',
}

/**
 * Turns batches of events into notifications, in offset order, and reports an offset as finished once Kafka has its
 * results. The next batch is fetched meanwhile: waiting for each acknowledgement first took 3 ms of every
 * notification's latency.
 */
export class FormatterStage {
  readonly #edges: FormatterStageEdges
  readonly #running = new Set<Promise<number>>()
  /** By partition: resolves once everything taken of it is finished. */
  readonly #finishing = new Map<string, Promise<void>>()

  constructor(edges: FormatterStageEdges) {
    this.#edges = edges
  }

  /**
   * @returns how many records were taken, counted from the first. While there is no room, it returns only once all of
   * them are finished.
   */
  takeBatch(batch: RecordBatch): Promise<number> {
    const work = this.#take(batch)
    this.#running.add(work)
    return work.finally(() => this.#running.delete(work))
  }

  /** Resolves once the batches that were begun are finished. */
  async drain(): Promise<void> {
    await Promise.all(this.#running)
    await Promise.all(this.#finishing.values())
  }

  async #take(batch: RecordBatch): Promise<number> {
    const { topic, partition, records, highWatermark, assignment } = batch
    const { sources, hasRoom, observe, metrics, stopping } = this.#edges
    const source = sources.get(topic)
    if (!source) throw new Error(`no events are read from ${topic}`)
    const writes: Promise<void>[] = []
    let taken = 0
    for (const record of records) {
      if (stopping.aborted) break
      // Records with known schemas are not awaited here: all of them go to the producer in one turn, and so into large
      // batches.
      const reading = this.#read(source, record, records)
      const read = reading instanceof Promise ? await this.#edges.patience.wait(reading, batch) : reading
      if (read === 'not yet') break
      observe(record)
      const write = this.#handle(source.type, record, read)
      if (write) writes.push(write)
      taken++
    }
    const nextOffset = (records[taken - 1]?.offset ?? (records[0]?.offset ?? 0) - 1) + 1
    metrics.lag.set({ topic, partition, nextOffset, highWatermark })
    if (taken === 0) return 0
    const finishing = this.#finish(assignment, { topic, partition, offset: nextOffset }, writes)
    if (!hasRoom()) await finishing
    return taken
  }

  /** Reports an offset as finished once Kafka has the results of all records before it. */
  #finish(assignment: Assignment, commit: Commit, writes: Promise<void>[]): Promise<void> {
    const place = `${commit.topic}/${commit.partition}`
    const earlier = this.#finishing.get(place)
    const finishing = Promise.all([earlier, ...writes]).then(() => {
      if (this.#finishing.get(place) === finishing) this.#finishing.delete(place)
      this.#edges.finished(assignment, commit)
    })
    this.#finishing.set(place, finishing)
    return finishing
  }

  /** Returns a promise if a schema must be requested. */
  #read({ read }: EventSource, record: ConsumedRecord, ahead: ConsumedRecord[]): Read | Promise<Read> {
    const { value } = record
    if (value === null) return 'tombstone'
    const { faults } = this.#edges
    const owner = () => String(record.key)
    const reading = faults.guard(record, steps.read, owner, () => read(value, ahead))
    if (!(reading instanceof Promise)) return reading
    let first: ReturnType<typeof read> | null = reading
    return faults.guardAsync(record, steps.readLater, owner, async () => {
      const current = first ?? read(value)
      first = null
      return current
    })
  }

  /** @returns a promise that must resolve before the record's offset is finished. */
  #handle(type: Event['type'], record: ConsumedRecord, read: Read): Promise<void> | undefined {
    const { decide, faults, metrics } = this.#edges
    metrics.read(type)
    if (read === 'tombstone') {
      metrics.skipped('tombstone')
      return undefined
    }
    if (read instanceof SetAside) return this.#setAside(record, read)
    if (!read.ok) return this.#unreadable(record, read.reason)
    const event = read.value
    const decision = faults.guard(record, steps.decide, readOwner(event), () => decide(event, record))
    if (decision instanceof SetAside) return this.#setAside(record, decision)
    switch (decision.kind) {
      case 'skip':
        metrics.skipped(decision.reason)
        return undefined
      case 'deliver':
        return this.#deliver(event, record, decision)
    }
  }

  #deliver(
    event: Event,
    record: ConsumedRecord,
    { delivery }: NotificationDecision & { kind: 'deliver' },
  ): Promise<void> {
    const { output, faults, metrics } = this.#edges
    const { type } = event
    const writing = faults.guard(record, steps.deliver, readOwner(event), () => output.deliver(record, delivery))
    if (writing instanceof SetAside) return this.#setAside(record, writing)
    return writing.then((result) => {
      if (result === 'delivered') metrics.delivered(type)
      else metrics.deadLettered(result)
    })
  }

  async #unreadable(record: ConsumedRecord, reason: string): Promise<void> {
    const { output, metrics, unreadable } = this.#edges
    unreadable(record, reason)
    await output.setAside('unreadable', record, reason)
    metrics.deadLettered('unreadable')
  }

  async #setAside(record: ConsumedRecord, { detail }: SetAside): Promise<void> {
    const { output, metrics } = this.#edges
    await output.setAside('fault', record, await detail)
    metrics.deadLettered('fault')
  }
}

function readOwner({ event }: Event): () => string {
  return () => event.businessId
}
