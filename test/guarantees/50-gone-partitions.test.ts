import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Engine } from '../../services/dispatcher/engine/engine.ts'
import type { OutcomeRecords } from '../../services/dispatcher/engine/ports.ts'
import { Assignments } from '../../services/dispatcher/intake/assignments.ts'
import { type IntakeContext, takeBatch } from '../../services/dispatcher/intake/take-batch.ts'
import { CommitLoop } from '../../services/dispatcher/outcome/commit-loop.ts'
import { SnapshotWriter } from '../../services/dispatcher/takeover/snapshot-writer.ts'
import type { Attempt, Delivery, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import type { CommitResult } from '../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { RecordFaults } from '../../services/platform/runtime/record-faults.ts'
import { figure } from '../support/figure.ts'
import { sized } from '../support/guarantee-size.ts'
import { definition, delivery, seeded, VirtualClock } from '../support/simulation.ts'

const worlds = sized(10_000, 120)
const seed = Number(process.env.HOOKLINE_SEED ?? 50)
const topic = 'webhook-deliveries'
const numbers = [0, 1]
const ofEach = 25
const mostTurns = 20_000
const silent = pino({ level: 'silent' })
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const busy: Outcome = { kind: 'refused', status: 400, latencyMs: 5 }
const logIds = { attemptsLogId: null, parkedLogId: null }
const turnEnded = () => new Promise<void>((resolve) => setImmediate(resolve))

type Stored = { key: string; value: unknown; headers: Record<string, string> | undefined }

/** Kafka as two dispatchers need it: logs by topic and partition, commits, and assignments. */
class ModelKafka {
  readonly clock = new VirtualClock()
  readonly random: () => number
  readonly #logs = new Map<string, Stored[]>()
  readonly committed = new Map<number, { offset: number; metadata: string }>()
  readonly violations: string[] = []
  readonly ended = new Set<string>()

  constructor(worldSeed: number) {
    this.random = seeded(worldSeed)
  }

  log(of: string, partition: number): Stored[] {
    const name = `${of}/${partition}`
    const log = this.#logs.get(name) ?? []
    this.#logs.set(name, log)
    return log
  }

  /** Every answer takes time, sometimes enough for partitions to leave and return. */
  answer(): Promise<void> {
    const delayMs = this.random() < 0.1 ? this.random() * 3_000 : this.random() * 20
    return new Promise((resolve) => this.clock.after(delayMs, resolve))
  }
}

/** One dispatcher: the real classes from the assignment to the commit, without a network. */
class Instance implements AsyncDisposable {
  readonly name: string
  readonly #kafka: ModelKafka
  readonly #engine: Engine
  readonly #health: SnapshotWriter
  readonly #assignments: Assignments
  readonly #commits: CommitLoop
  assignment = { partitions: new Map<string, number[]>(), current: false, fresh: true }
  readonly #positions = new Map<number, number>()
  readonly #reading = new Set<number>()
  #landsAtMs = 0
  #committing = false

  constructor(name: string, kafka: ModelKafka) {
    this.name = name
    this.#kafka = kafka
    const { clock, random } = kafka
    const nowMs = () => clock.nowMs
    const fail = (error: unknown) => void kafka.violations.push(`${name} would have ended: ${error}`)
    const webhooks = new Map(
      numbers.map((n) => [`w${n}`, definition(`w${n}`, { whenBlocked: 'park' as const, maxInFlight: 2 })]),
    )
    const faults = new RecordFaults({ clock: { sleep: (ms, signal) => clock.sleep(ms, signal) }, log: silent, fail })
    const limits = {
      maxInFlight: 4,
      maxHeld: 40,
      maxHeldBytes: 1e9,
      maxQueuedOfWebhook: 3,
      deliveriesTopic: topic,
      replaysTopic: 'webhook-replays',
      parkedTopic: 'webhook-parked',
    }
    this.#engine = new Engine(
      {
        nowMs,
        monotonicMs: nowMs,
        random,
        definition: (id) => {
          const found = webhooks.get(id)
          return found && { definition: found, offset: 0 }
        },
        readDraft: () => undefined,
        mayStart: () => true,
        send: (_delivery, _attempt, _definition, ended) => {
          const startedAtMs = clock.nowMs
          const outcome = random() < 0.8 ? ok : busy
          clock.after(random() * (random() < 0.1 ? 5_000 : 100), () => ended({ kind: 'outcome', startedAtMs, outcome }))
        },
        record: (partition, records, acknowledged) => this.#record(partition, records, acknowledged),
        readParked: (partition, from, to, onRecord, done) => {
          void kafka.answer().then(() => {
            const log = kafka.log('webhook-parked', partition)
            for (let offset = from; offset < Math.min(to, log.length); offset++)
              if (!onRecord(offset, log[offset]?.value as PendingDelivery)) break
            done()
          })
        },
        after: (delayMs, due) => clock.after(delayMs, due),
        faults,
        fail,
        disable: () => {},
        onRoom: () => {},
      },
      { ...limits, maxAnsweredIds: 1_000, expiryMs: Number.POSITIVE_INFINITY },
    )
    const reader = {
      ends: async (of: string) => {
        await kafka.answer()
        return numbers.map((partition) => ({ partition, low: 0, high: kafka.log(of, partition).length }))
      },
      offsetsAt: async () => {
        await kafka.answer()
        return new Map(numbers.map((partition) => [partition, 0]))
      },
      read: async (of: string, partition: number, from: number, to: number, onRecord: (record: never) => unknown) => {
        await kafka.answer()
        for (const [index, { key, value, headers }] of kafka.log(of, partition).slice(from, to).entries()) {
          const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
          onRecord({
            topic: of,
            partition,
            offset: from + index,
            key: Buffer.from(key),
            value: bytes,
            headers,
            timestampMs: 0,
          } as never)
        }
      },
    }
    const json = (bytes: Buffer) => ({ ok: true as const, value: JSON.parse(bytes.toString()) })
    const attempts = { topic: 'webhook-attempts', decode: json }
    const sources = new Map([['webhook-deliveries', null]])
    this.#health = new SnapshotWriter({
      topic: 'webhook-health',
      attempts,
      sources,
      encode: (record) => Buffer.from(JSON.stringify(record)),
      send: async ({ key, value, partition, headers }) => {
        const number = partition ?? -1
        if (!this.#owns(number))
          kafka.violations.push(`${name} writes ${value ? 'a snapshot' : 'a tombstone'} of ${number}`)
        await new Promise<void>((resolve) => this.#land(resolve))
        // Written by then, whoever owns the partition now: nothing fences a producer.
        const log = kafka.log('webhook-health', number)
        return { offset: log.push({ key: String(key), value: value && JSON.parse(String(value)), headers }) - 1 }
      },
      reader,
      logIds,
      nowMs,
      log: silent,
    })
    this.#assignments = new Assignments({
      engine: this.#engine,
      snapshots: this.#health,
      takenOver: () => undefined,
      takeover: {
        reader,
        unreadable: { add: (record: unknown) => kafka.violations.push(`unreadable: ${JSON.stringify(record)}`) },
        health: { topic: 'webhook-health', decode: json },
        attempts,
        sources,
        parked: { topic: 'webhook-parked', decode: json },
        deliveries: topic,
        logIds,
        definitions: () => [],
        log: { error: (gone: object) => kafka.violations.push(`parked is lost: ${JSON.stringify(gone)}`) },
        nowMs,
        monotonicMs: nowMs,
      } as never,
      committed: async () => {
        await kafka.answer()
        return new Map([[topic, new Map(structuredClone(kafka.committed))]])
      },
      readers: { quietTopics: [], readQuietTopics: () => {} },
      nowMs,
      log: silent,
      fail,
    })
    const commit = this.#commit.bind(this)
    const readers: never = Object.defineProperty({ commit }, 'assignment', { get: () => this.assignment }) as never
    this.#commits = new CommitLoop({
      engine: this.#engine,
      readers,
      snapshots: this.#health,
      intervals: { commitMs: 2 ** 30, snapshotMs: 2 ** 30 },
      isBusy: () => true,
      clock: systemClock,
      fail,
    })
  }

  assign(partitions: number[], fresh: boolean): void {
    this.assignment = { partitions: new Map([[topic, partitions]]), current: true, fresh }
    this.#positions.clear()
    this.#assignments.assigned(this.assignment)
  }

  /** Does one turn of everything periodic: batches, commits, snapshots, parked records. */
  turn(): void {
    const { random } = this.#kafka
    this.#engine.tick()
    for (const partition of this.assignment.partitions.get(topic) ?? []) if (random() < 0.5) void this.#read(partition)
    if (this.#committing || random() < 0.7) return
    this.#committing = true
    void this.#commits.finish().then(() => {
      this.#committing = false
    })
    if (random() < 0.1) void this.#health.repair()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commits[Symbol.asyncDispose]()
  }

  #owns(number: number): boolean {
    return this.assignment.current && (this.assignment.partitions.get(topic)?.includes(number) ?? false)
  }

  async #read(partition: number): Promise<void> {
    const { assignment } = this
    if (this.#reading.has(partition) || !assignment.current || this.#assignments.takingOver(partition)) return
    const from = this.#positions.get(partition) ?? this.#kafka.committed.get(partition)?.offset ?? 0
    const log = this.#kafka.log(topic, partition).slice(from, from + 5)
    if (log.length === 0) return
    this.#reading.add(partition)
    const records = log.map(({ key, value }, index) => ({
      topic,
      partition,
      offset: from + index,
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify(value)),
      headers: {},
      timestampMs: 0,
    }))
    const batch = { topic, partition, records, highWatermark: 0, nextOffset: from + log.length, assignment }
    const context: IntakeContext = {
      engine: this.#engine,
      faults: new RecordFaults({ clock: { sleep: () => Promise.resolve() }, log: silent, fail: () => {} }),
      topics: {
        sources: new Map([[topic, (bytes: Buffer) => this.#decode(bytes)]]),
        tests: 'webhook-tests',
        replays: 'webhook-replays',
        longestWaitMs: () => 0,
      },
      assignments: this.#assignments,
      definitions: { needed: () => (this.#kafka.random() < 0.05 ? this.#kafka.answer() : undefined) },
      patience: { wait: (coming) => coming },
      nowMs: () => this.#kafka.clock.nowMs,
      pauses: { waitForRoom: async () => false, pauseForRoom: () => {}, pauseUntilDue: () => {} },
      dueTimes: { waitMs: () => 0 },
      log: { error: (place: object) => this.#kafka.violations.push(`unreadable ${JSON.stringify(place)}`) },
    }
    const taken = await takeBatch(batch as never, context)
    this.#reading.delete(partition)
    if (assignment === this.assignment && assignment.current) this.#positions.set(partition, from + taken)
  }

  #decode(bytes: Buffer) {
    const made = JSON.parse(bytes.toString()) as Delivery
    const value = {
      delivery: { ...made, body: Buffer.from('{}') },
      attempts: [],
      dueAt: 0,
      replayId: null,
      draft: null,
    }
    const decoded = { ok: true as const, value }
    return this.#kafka.random() < 0.1 ? this.#kafka.answer().then(() => decoded) : decoded
  }

  #record(
    partition: number,
    { attempt, deadLetter, parked }: OutcomeRecords,
    acknowledged: (written: never) => void,
  ): void {
    const ownership = this.#health.ownership(partition)
    this.#land(() => {
      const put = (of: string, value: Attempt | PendingDelivery, key: string) =>
        this.#kafka.log(of, partition).push({ key, value, headers: undefined }) - 1
      const parkedOffset = parked ? put('webhook-parked', parked, parked.delivery.webhookId) : null
      const attemptOffsets = attempt ? [put('webhook-attempts', attempt, attempt.webhookId)] : []
      const id = attempt?.next === 'none' ? attempt.deliveryId : deadLetter?.delivery?.deliveryId
      if (id !== undefined) this.#kafka.ended.add(id)
      const written = { parkedOffset, attemptOffsets, joinedOffset: null }
      this.#health.acknowledged(ownership, written)
      acknowledged(written as never)
    })
  }

  /** One producer: its records are in the log in the order of sending, sometimes late. */
  #land(landed: () => void): void {
    const { clock, random } = this.#kafka
    const slowMs = random() < 0.05 ? 2_000 : 20
    this.#landsAtMs = Math.max(this.#landsAtMs, clock.nowMs + random() * slowMs)
    clock.after(this.#landsAtMs - clock.nowMs, landed)
  }

  /** The broker accepts commits of the current generation only. */
  async #commit(
    assignment: { current: boolean },
    commits: { partition: number; offset: number; metadata?: string }[],
  ): Promise<CommitResult> {
    if (!assignment.current) return 'outdated'
    for (const { partition } of commits)
      if (!this.#owns(partition)) this.#kafka.violations.push(`${this.name} commits ${partition}`)
    await this.#kafka.answer()
    if (!assignment.current) return 'failed'
    for (const { partition, offset, metadata } of commits) {
      const before = this.#kafka.committed.get(partition)?.offset ?? 0
      if (offset < before) this.#kafka.violations.push(`${this.name} takes the commit of ${partition} back`)
      this.#kafka.committed.set(partition, { offset, metadata: metadata ?? '' })
    }
    return 'committed'
  }
}

/** Partitions move between two dispatchers at any moment of their work; in the end everything is sent. */
async function run(worldSeed: number): Promise<{ kafka: ModelKafka; moves: number; done: boolean }> {
  const kafka = new ModelKafka(worldSeed)
  const { clock, random } = kafka
  for (const partition of numbers)
    for (let i = 0; i < ofEach; i++) {
      const id = `${partition}-${i}`
      const value = delivery(id, `w${partition}`, `contact${Math.floor(random() * 3)}`)
      kafka.log(topic, partition).push({ key: value.webhookId, value, headers: undefined })
    }
  await using first = new Instance('first', kafka)
  await using second = new Instance('second', kafka)
  const instances = [first, second]
  let moves = 0
  let isRebalancing = false
  const rebalance = async () => {
    isRebalancing = true
    for (const instance of instances) instance.assignment.current = false
    if (random() < 0.5) await kafka.answer()
    const owners = numbers.map(() => (random() < 0.5 ? first : second))
    for (const instance of instances) {
      const own = numbers.filter((number) => owners[number] === instance)
      instance.assign(own, random() < 0.1)
    }
    moves++
    isRebalancing = false
  }
  first.assign(numbers, true)
  second.assign([], true)
  const total = numbers.length * ofEach
  const isDone = () =>
    kafka.ended.size === total && numbers.every((number) => kafka.committed.get(number)?.offset === ofEach)
  for (let turn = 0; turn < mostTurns && !isDone() && kafka.violations.length === 0; turn++) {
    if (!isRebalancing && turn < 1_000 && random() < 0.03) void rebalance()
    for (const instance of instances) instance.turn()
    if (!clock.step()) clock.nowMs += 100
    await turnEnded()
  }
  return { kafka, moves, done: isDone() }
}

test(`guarantee 50: work that ends after its partition has left commits and writes nothing, in ${worlds} worlds`, async () => {
  let moved = 0
  for (let number = 0; number < worlds; number++) {
    const { kafka, moves, done } = await run(seed * 100_000 + number)
    const name = `world ${number}`
    expect(kafka.violations, name).toEqual([])
    expect(done, `${name}: everything is sent and committed in the end`).toBe(true)
    moved += moves
  }
  figure(
    50,
    `${worlds} worlds, ${moved} assignments: commits, snapshots and tombstones of others' partitions 0, lost 0; seed ${seed}`,
  )
  expect(moved).toBeGreaterThan(worlds)
})
