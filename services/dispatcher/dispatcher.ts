import type { Entry } from '../domain/definition/definition-table.ts'
import type { Assignment, RecordBatch } from '../platform/kafka/consumer.ts'
import { Patience } from '../platform/kafka/patience.ts'
import { RecordFaults } from '../platform/runtime/record-faults.ts'
import { toEngineLimits } from './config.ts'
import { Engine } from './engine/engine.ts'
import type { EnginePorts, OutcomeRecords, Written } from './engine/ports.ts'
import type { OpenSender } from './http/open-sender.ts'
import { Assignments } from './intake/assignments.ts'
import { DefinitionWait } from './intake/definition-wait.ts'
import { DueTimes } from './intake/due-times.ts'
import { PartitionPauses } from './intake/partition-pauses.ts'
import { PartitionReaders } from './intake/partition-readers.ts'
import { readDraft } from './intake/read-draft.ts'
import { type IntakeContext, takeBatch } from './intake/take-batch.ts'
import type { DispatcherService, KafkaConnections } from './kafka-connections.ts'
import { createDispatcherMetrics } from './metrics.ts'
import { logOutcome } from './outcome/attempt-log-line.ts'
import { CommitLoop } from './outcome/commit-loop.ts'
import { type RecorderContext, recordOutcome } from './outcome/recorder.ts'
import { WorkTimer } from './outcome/work-timer.ts'
import { switchOff } from './outcome/write-switch-off.ts'
import { readParkedWith } from './takeover/parked-reader.ts'
import { SnapshotWriter } from './takeover/snapshot-writer.ts'
import { UnreadableRecords } from './takeover/unreadable-records.ts'

/** Interval of the engine's ticks, which measure rates, while there is work. Commits and snapshots have intervals of their own. */
const tickMs = 200

/**
 * One instance of the dispatcher. It reads the records of its partitions, hands them to the engine, sends what the
 * engine starts, records the outcomes, and commits the offsets.
 */
export class Dispatcher implements AsyncDisposable {
  readonly #service: DispatcherService
  readonly #kafka: KafkaConnections
  readonly #faults: RecordFaults
  readonly #recorder: RecorderContext
  readonly #readers: PartitionReaders
  readonly #pauses: PartitionPauses
  readonly #snapshots: SnapshotWriter
  readonly #unreadable: UnreadableRecords
  readonly #engine: Engine
  readonly #metrics: ReturnType<typeof createDispatcherMetrics>
  readonly #assignments: Assignments
  readonly #intake: IntakeContext
  readonly #commits: CommitLoop
  readonly #ticks: WorkTimer
  readonly #lagWatch: Disposable

  /** Resolves when the instance has joined its consumer group, however long that takes. */
  static async open(service: DispatcherService, kafka: KafkaConnections, sender: OpenSender): Promise<Dispatcher> {
    const dispatcher = new Dispatcher(service, kafka, sender)
    await dispatcher.#readers.open({
      onAssigned: (assignment) => dispatcher.#onAssigned(assignment),
      onStart: ({ offset, ...start }) => dispatcher.#metrics.lag.set({ ...start, nextOffset: offset }),
      onBatch: (batch) => dispatcher.#onBatch(batch),
    })
    return dispatcher
  }

  private constructor(service: DispatcherService, kafka: KafkaConnections, sender: OpenSender) {
    const { config, clock, log, fail } = service
    const { topics, reader, logIds, producer } = kafka
    const { nowMs } = clock
    this.#service = service
    this.#kafka = kafka
    this.#faults = new RecordFaults({ clock, log, fail })
    this.#recorder = { ...topics, parkedLogId: logIds.parkedLogId, producer, nowMs }
    this.#readers = new PartitionReaders(service, kafka)
    this.#pauses = new PartitionPauses(this.#readers, clock.after)
    const send = producer.send.bind(producer)
    this.#snapshots = new SnapshotWriter({ ...topics, ...topics.health, send, reader, logIds, nowMs, log })
    this.#unreadable = new UnreadableRecords({
      log,
      nowMs,
      write: (partition, deadLetter) => recordOutcome(partition, { deadLetter }, this.#recorder, () => undefined),
    })
    const limits = toEngineLimits(config, topics)
    this.#engine = new Engine(this.#ports(sender), limits)
    this.#metrics = createDispatcherMetrics([service.metrics], () => this.#engine, limits, nowMs)
    this.#assignments = this.#createAssignments()
    this.#intake = this.#createIntake()
    const intervals = {
      commitMs: config.HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS,
      snapshotMs: config.HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS,
    }
    const [engine, readers, snapshots] = [this.#engine, this.#readers, this.#snapshots]
    const isBusy = () => engine.pool.count + engine.pool.unacknowledged + engine.inFlight + engine.parking > 0
    this.#commits = new CommitLoop({ engine, readers, snapshots, intervals, isBusy, clock, fail })
    this.#ticks = new WorkTimer(clock, tickMs, isBusy, () => engine.tick())
    kafka.onDefinition((webhookId, businessId) => {
      this.#wake()
      engine.definitionChanged(webhookId, businessId)
    })
    this.#lagWatch = this.#metrics.lag.watch(kafka.kafka, clock)
  }

  /** Starts no more requests; resolves when those in flight have ended and their outcomes and offsets are in Kafka. */
  async drain(): Promise<void> {
    await this.#engine.drain()
    await this.#commits.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticks[Symbol.dispose]()
    this.#lagWatch[Symbol.dispose]()
    await this.#commits[Symbol.asyncDispose]()
    this.#pauses.stop()
    await this.#readers[Symbol.asyncDispose]()
  }

  /** Says that there is work: timers at rest call back at once. */
  #wake(): void {
    this.#ticks.wake()
    this.#commits.wake()
  }

  #onAssigned(assignment: Assignment): void {
    this.#pauses.forgetAll()
    this.#metrics.forgetPartitions()
    this.#assignments.assigned(assignment)
    // Only now: an earlier commit would name partitions of the former assignment.
    this.#wake()
  }

  #onBatch(batch: RecordBatch): number | Promise<number> {
    this.#wake()
    this.#noteTaken(batch, 0)
    const taken = takeBatch(batch, this.#intake)
    if (!(taken instanceof Promise)) return this.#noteTaken(batch, taken)
    return taken.then((count) => this.#noteTaken(batch, count))
  }

  /** Notes in the metrics how many records of the batch were taken. */
  #noteTaken(batch: RecordBatch, taken: number): number {
    if (!batch.assignment.current) return taken
    const next = batch.records[taken]
    this.#metrics.lag.set({ ...batch, nextOffset: next?.offset ?? batch.nextOffset })
    if (batch.topic === this.#kafka.topics.deliveries) this.#metrics.notTaken(batch.partition, next)
    return taken
  }

  /** Counts, logs and writes an outcome. The snapshot writer learns its offsets once Kafka has it. */
  #record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    this.#metrics.recorded(records)
    logOutcome(this.#service.log, records)
    const ownership = this.#snapshots.ownership(partition)
    recordOutcome(partition, records, this.#recorder, (written) => {
      this.#snapshots.acknowledged(ownership, written)
      acknowledged(written)
    })
  }

  #switchOff(entry: Entry, reason: string): void {
    const { clock, stopping, log, fail } = this.#service
    const { configTopic: topic, definitions, producer } = this.#kafka
    const caughtUp = () => definitions.topic.caughtUp()
    const current = (webhookId: string) => this.#kafka.definition(webhookId)
    const send = producer.send.bind(producer)
    switchOff(entry, reason, { topic, caughtUp, current, send, clock, stopping, log }).catch(fail)
  }

  #ports(sender: OpenSender): EnginePorts {
    const { clock, fail } = this.#service
    return {
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      random: clock.random,
      after: clock.after,
      definition: (webhookId) => this.#kafka.definition(webhookId),
      readDraft,
      mayStart: sender.mayStart,
      send: sender.send,
      record: this.#record.bind(this),
      readParked: readParkedWith(this.#kafka, this.#unreadable, fail),
      faults: this.#faults,
      fail,
      disable: this.#switchOff.bind(this),
      onRoom: () => this.#pauses.resumeForRoom(),
    }
  }

  #createAssignments(): Assignments {
    const { clock, log, readiness, stopping, fail } = this.#service
    const { kafka, topics, reader, logIds, definitions } = this.#kafka
    const { nowMs } = clock
    return new Assignments({
      engine: this.#engine,
      snapshots: this.#snapshots,
      readers: this.#readers,
      takenOver: () => this.#wake(),
      takeover: {
        ...topics,
        decodeReplay: topics.joined.decode,
        definitions: () => definitions.table.entries(),
        reader,
        logIds,
        nowMs,
        log,
        unreadable: this.#unreadable,
      },
      committed: () =>
        kafka.committed(this.#readers.groupId, [...topics.sources.keys()], { log, clock, readiness, stopping }),
      nowMs,
      log,
      fail,
    })
  }

  #createIntake(): IntakeContext {
    const { clock, log, stopping } = this.#service
    const { topics, definitions } = this.#kafka
    const [engine, faults, assignments, pauses] = [this.#engine, this.#faults, this.#assignments, this.#pauses]
    return {
      engine,
      faults,
      assignments,
      pauses,
      topics,
      definitions: new DefinitionWait({ topic: definitions.topic, clock }),
      patience: new Patience({
        clock,
        stopping,
        pause: (topic, partition) => this.#readers.pause(topic, partition),
        resume: (topic, partition) => this.#readers.resume(topic, partition),
      }),
      dueTimes: new DueTimes(clock),
      nowMs: clock.nowMs,
      log,
    }
  }
}
