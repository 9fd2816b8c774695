import pino from 'pino'
import { Engine } from '../../services/dispatcher/engine/engine.ts'
import type { GateState } from '../../services/dispatcher/engine/gate/send-gate.ts'
import { answerId } from '../../services/dispatcher/engine/item-ids.ts'
import type { ResumePoint } from '../../services/dispatcher/engine/offsets/partition-state.ts'
import type {
  EngineLimits,
  EnginePorts,
  OutcomeRecords,
  Owned,
  SendResult,
  Written,
} from '../../services/dispatcher/engine/ports.ts'
import type { JoinedRecord } from '../../services/dispatcher/engine/restored-partition.ts'
import { readDraft } from '../../services/dispatcher/intake/read-draft.ts'
import { addAnswered } from '../../services/dispatcher/takeover/answers.ts'
import { addJoined } from '../../services/dispatcher/takeover/replays-tail.ts'
import { addParked } from '../../services/dispatcher/takeover/takeover.ts'
import type { WebhookDefinition } from '../../services/domain/definition/definition.ts'
import type { Entry } from '../../services/domain/definition/definition-table.ts'
import { everyKind } from '../../services/domain/definition/definition-values.ts'
import { recordLetter } from '../../services/domain/delivery/dead-letter.ts'
import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import type { ParkedRange } from '../../services/domain/delivery/webhook-snapshot.ts'
import { RecordFaults, type RecordPosition } from '../../services/platform/runtime/record-faults.ts'
import { sampleDefinition } from './sample-definitions.ts'

/** A seeded generator (mulberry32): the same seed gives the same run. Uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type ClockEvent = { atMs: number; serial: number; run: () => void; cancelled: boolean }

/** Virtual time: events run in the order of their time, then of their creation. */
export class VirtualClock {
  nowMs = 1_700_000_000_000
  #serial = 0
  /** A binary heap, the next event first. A cancelled event stays until its turn. */
  readonly #events: ClockEvent[] = []

  after(delayMs: number, run: () => void): { cancel(): void } {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), serial: this.#serial++, run, cancelled: false }
    this.#push(event)
    const cancel = () => {
      event.cancelled = true
    }
    return { cancel }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = this.after(delayMs, resolve)
      signal?.addEventListener('abort', () => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Runs everything due until then. */
  runUntil(endMs: number): void {
    for (let next = this.#next(); next && next.atMs <= endMs; next = this.#next()) this.step()
    this.nowMs = Math.max(this.nowMs, endMs)
  }

  /** Runs the next event. @returns false when there is none. */
  step(): boolean {
    const next = this.#next()
    if (!next) return false
    this.#shift()
    this.nowMs = next.atMs
    next.run()
    return true
  }

  #next(): ClockEvent | undefined {
    while (this.#events[0]?.cancelled) this.#shift()
    return this.#events[0]
  }

  #push(event: ClockEvent): void {
    const events = this.#events
    let at = events.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, events[parent] as ClockEvent)) break
      events[at] = events[parent] as ClockEvent
      at = parent
    }
    events[at] = event
  }

  #shift(): void {
    const events = this.#events
    const last = events.pop()
    if (!last || events.length === 0) return
    let at = 0
    for (let child = 1; child < events.length; child = 2 * at + 1) {
      const right = events[child + 1]
      if (right && isBefore(right, events[child] as ClockEvent)) child++
      if (!isBefore(events[child] as ClockEvent, last)) break
      events[at] = events[child] as ClockEvent
      at = child
    }
    events[at] = last
  }
}

function isBefore(a: ClockEvent, b: ClockEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial)
}

export function definition(id: string, changes: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return sampleDefinition({
    id,
    businessId: 'business',
    url: `https://${id}.example/hook`,
    channels: ['channel'],
    events: everyKind,
    secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    ...changes,
  })
}

export function delivery(id: string, webhookId: string, contactId: string): Delivery {
  return {
    deliveryId: id,
    webhookId,
    businessId: 'business',
    eventId: `event-of-${id}`,
    kind: 'message',
    chatChannelId: 'channel',
    contactId,
    body: Buffer.from(`{"id":"${id}"}`),
    traceparent: null,
    createdAt: 1_700_000_000_000,
    definitionVersion: 1,
    definitionOffset: 0,
  }
}

/** A message with a body as the formatter makes it; messages of the same contact can be joined. */
export function messageDelivery(
  id: string,
  webhookId: string,
  contactId: string,
  createdAt = 1_700_000_000_000,
): Delivery {
  const body = Buffer.from(JSON.stringify({ v: '1.1', type: 'message', contactId, messages: [{ _id_: id }] }))
  return { ...delivery(id, webhookId, contactId), body, createdAt }
}

/** A status notification of a message. */
export function statusDelivery(
  id: string,
  webhookId: string,
  contactId: string,
  status: 'delivered' | 'read',
  messageId: string,
): Delivery {
  const body = Buffer.from(JSON.stringify({ v: '1.1', type: 'status', contactId, status, messageId }))
  return { ...delivery(id, webhookId, contactId), kind: 'status', body }
}

/** Result of a send, and its delay; `postponed`: nobody can be sent to; `fault`: this webhook cannot. */
export type Answer = { outcome: Outcome | 'postponed' | 'fault'; afterMs: number }
export type Answering = (delivery: Delivery, attempt: number, random: () => number) => Answer

/** Wait after a send that was postponed. */
const postponedMs = 250

export type Sent = {
  deliveryId: string
  attempt: number
  webhookId: string
  contactId: string
  atMs: number
  replayId: string | null
}

/** A record of webhook-replays. The engine's sends do not distinguish replays, but the trace here does. */
export function replayOf(of: Delivery, replayId: string, ratePerSecond: number | null = null): PendingDelivery {
  const delivery = { ...of, traceparent: `${replayTrace}${replayId}` }
  return { delivery, attempts: [], dueAt: 0, why: 'replay', replayId, ratePerSecond, parkedSince: null }
}

const replayTrace = 'of replay '

/** The engine in a simulated world: receivers, Kafka's acknowledgements, time. */
export class SimulatedWorld {
  readonly clock = new VirtualClock()
  readonly random: () => number
  readonly definitions = new Map<string, WebhookDefinition>()
  readonly #entries = new WeakMap<WebhookDefinition, Entry>()
  #definitionOffset = 0
  readonly sent: Sent[] = []
  readonly attempts: Attempt[] = []
  /** Attempts that Kafka has acknowledged. */
  readonly #attemptLog: Attempt[] = []
  readonly deadLetters: DeadLetter[] = []
  /** Kafka's records by answerId: an outcome, or a position in another topic. */
  readonly settled = new Set<string>()
  /** Deliveries by answerId that will not be sent any more. */
  readonly ended = new Set<string>()
  engine: Engine
  readonly #makeEngine: () => Engine
  readonly #replaysTopic: string
  /** Number of the process: work of a killed one has no effect. */
  #life = 0
  /** webhook-health by partition: the gates as they were at the last snapshot. */
  readonly healthLog = new Map<number, Map<string, GateState>>()
  #acknowledgedAtMs = 0
  readonly flying = new Map<string, number>()
  readonly mostFlyingOf = new Map<string, number>()
  rooms = 0
  /** webhook-parked, by partition. */
  readonly parkedLog = new Map<number, PendingDelivery[]>()
  /** The delay topics, by partition; one for all tiers. */
  readonly retryLog = new Map<number, PendingDelivery[]>()
  /** webhook-replays, by partition, where the engine writes what messages are joined into. */
  readonly replayLog = new Map<number, PendingDelivery[]>()
  /** Stops of replays that a takeover finds behind the commit, with the time of their writing. */
  readonly stopped = new Map<string, number>()
  readonly disabled: string[] = []
  /** Called at each step outside the engine; may throw. @param deliveryId if the step is of one delivery. */
  sabotage: (step: 'random' | 'definition' | 'send' | 'record', deliveryId: string | null) => void = () => {}
  /** Whether the process may decide anything. */
  mayStart = true
  /** Called when a request is about to be written; may do so later, as when connecting takes time. */
  beforeWriting: (write: () => void) => void = (write) => write()
  /** Called when Kafka is about to acknowledge a record; may do so later. */
  beforeAcknowledging: (acknowledge: () => void) => void = (acknowledge) => acknowledge()
  /** Errors that would have ended the process. */
  readonly failures: unknown[] = []
  /** Records that were set aside. */
  faulted = 0
  readonly faults = new RecordFaults({
    clock: { sleep: (ms, signal) => this.clock.sleep(ms, signal) },
    log: pino({ level: 'silent' }),
    fail: (error) => void this.failures.push(error),
    onSetAside: () => void this.faulted++,
  })
  /** Shift of the wall clock; timers run on the monotonic clock, as in Node. */
  wallSkewMs = 0

  constructor(
    seed: number,
    /** Result of a send and its delay. */
    answer: Answering,
    limits: Partial<EngineLimits> = {},
  ) {
    this.random = seeded(seed)
    const ports = (): EnginePorts => {
      const life = this.#life
      const ifAlive = (run: () => void) => () => {
        if (life === this.#life) run()
      }
      return {
        nowMs: () => this.clock.nowMs + this.wallSkewMs,
        monotonicMs: () => this.clock.nowMs,
        random: () => {
          this.sabotage('random', null)
          return this.random()
        },
        definition: (id) => {
          this.sabotage('definition', null)
          return this.#entryOf(id)
        },
        readDraft,
        mayStart: () => this.mayStart,
        send: (sending, attempt, _definition, ended, options) => {
          if (life !== this.#life) return
          this.sabotage('send', sending.deliveryId)
          const told = (result: SendResult) => ifAlive(() => ended(result))()
          this.beforeWriting(() => {
            if (options?.isWanted?.() !== false) this.#send(sending, attempt, answer, told)
            else told({ kind: 'postponed', startedAtMs: this.clock.nowMs, delayMs: postponedMs, reason: 'unwanted' })
          })
        },
        record: (partition, records, acknowledged) => {
          if (life !== this.#life) return
          this.sabotage('record', idIn(records))
          this.#record(partition, records, (written) => ifAlive(() => acknowledged(written))())
        },
        readParked: (partition, from, to, onRecord, done) => {
          const read = () => {
            const log = this.parkedLog.get(partition) ?? []
            for (let offset = from; offset < Math.min(to, log.length); offset++)
              if (!onRecord(offset, log[offset] as PendingDelivery)) break
            done()
          }
          this.clock.after(this.random() * 50, ifAlive(read))
        },
        disable: ({ definition: { id } }, reason) => void this.disabled.push(`${id}: ${reason}`),
        after: (delayMs, due) => this.clock.after(delayMs, ifAlive(due)),
        faults: this.faults,
        fail: (error) => void this.failures.push(error),
        onRoom: () => void this.rooms++,
      }
    }
    const all = {
      maxInFlight: 16,
      maxHeld: 1_000,
      maxHeldBytes: 1_000_000,
      maxQueuedOfWebhook: 1_000,
      deliveriesTopic: 'webhook-deliveries',
      parkedTopic: 'webhook-parked',
      replaysTopic: 'webhook-replays',
      maxAnsweredIds: 10_000,
      expiryMs: Number.POSITIVE_INFINITY,
      ...limits,
    }
    this.#replaysTopic = all.replaysTopic
    this.#makeEngine = () => new Engine(ports(), all)
    this.engine = this.#makeEngine()
  }

  /** kill -9: another process begins, which knows only the topics. Its partitions have to be assigned. */
  kill(): void {
    this.#life++
    this.flying.clear()
    this.engine = this.#makeEngine()
  }

  /** Writes the webhooks' health, as the snapshot writer does every two seconds. */
  snapshot(): void {
    for (const { number } of this.engine.partitions)
      this.healthLog.set(number, new Map(structuredClone([...this.engine.gates.statesOf(number)])))
  }

  /** Each definition that is set is a separate record. */
  #entryOf(id: string): Entry | undefined {
    const current = this.definitions.get(id)
    if (!current) return undefined
    let entry = this.#entries.get(current)
    if (!entry) {
      entry = { definition: current, offset: this.#definitionOffset++ }
      this.#entries.set(current, entry)
    }
    return entry
  }

  /** Offers a test notification; if it cannot be handled, it becomes a dead letter. */
  offerTest(position: RecordPosition, delivery: Delivery, draft: string | null = null): void {
    const source = { ...position, key: null, value: Buffer.from(delivery.deliveryId) }
    const letter = (detail: string) => recordLetter('fault', source, detail, this.clock.nowMs)
    this.engine.offerTest(position, delivery, draft, letter)
  }

  /** Begins an assignment; its new partitions are taken over, with nothing committed. */
  assign(owned: Owned): void {
    for (const number of this.engine.assign(owned)) this.restore(number)
  }

  /** Takes over a partition number from the topics: webhook-parked and webhook-attempts from their beginning. */
  restore(number: number, resume = new Map<string, ResumePoint>()): void {
    const answered = new Map<string, number>()
    for (const attempt of this.#attemptLog) addAnswered(answered, attempt)
    const parked = new Map<string, ParkedRange>()
    for (const [offset, pending] of (this.parkedLog.get(number) ?? []).entries()) {
      const { delivery: of, attempts, replayId } = pending
      // A successor can read it in Kafka, even if the process that wrote it no longer exists.
      this.settled.add(answerId(of.deliveryId, replayId))
      if ((answered.get(answerId(of.deliveryId, replayId)) ?? 0) > attempts.length) continue
      addParked(parked, pending, offset)
    }
    const gates = this.healthLog.get(number) ?? new Map<string, GateState>()
    const joined: JoinedRecord[] = []
    const replays = resume.get(this.#replaysTopic)
    const log = this.replayLog.get(number) ?? []
    for (const [offset, pending] of log.entries()) {
      if (pending.joined) this.#answeredFor(pending)
      if (offset >= (replays?.offset ?? 0)) addJoined(joined, pending, offset, replays)
    }
    const found = { parked, gates, joined, joinedEnd: log.length, answered, answeredRecords: [] }
    this.engine.restore(number, { resume, stopped: this.stopped, ...found })
  }

  runAll(): void {
    while (this.clock.step());
  }

  /** Kafka: records are in the log in the order of writing, and are acknowledged in that order. */
  #record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    if (records.attempt) this.attempts.push(records.attempt)
    if (records.deadLetter) this.deadLetters.push(records.deadLetter)
    let parkedOffset: number | null = null
    if (records.parked) {
      const log = this.parkedLog.get(partition) ?? []
      parkedOffset = log.push(records.parked) - 1
      this.parkedLog.set(partition, log)
    }
    let joinedOffset: number | null = null
    if (records.joined) {
      const log = this.replayLog.get(partition) ?? []
      joinedOffset = log.push(records.joined.pending) - 1
      this.replayLog.set(partition, log)
      this.attempts.push(...records.joined.attempts)
    }
    if (records.retry) {
      const log = this.retryLog.get(partition) ?? []
      log.push(records.retry.pending)
      this.retryLog.set(partition, log)
    }
    this.#acknowledgedAtMs = Math.max(this.#acknowledgedAtMs, this.clock.nowMs + this.random() * 20)
    this.clock.after(this.#acknowledgedAtMs - this.clock.nowMs, () =>
      this.beforeAcknowledging(() => {
        const { attempt, deadLetter, parked, retry } = records
        if (attempt) this.#attemptLog.push(attempt)
        for (const pending of [parked, retry?.pending])
          if (pending) this.settled.add(answerId(pending.delivery.deliveryId, pending.replayId))
        const endedId = attempt ? answerId(attempt.deliveryId, attempt.replayId) : idOfLetter(deadLetter)
        if (endedId !== undefined && (attempt?.next === 'none' || deadLetter)) {
          this.ended.add(endedId)
          this.settled.add(endedId)
        }
        if (records.joined) {
          this.#attemptLog.push(...records.joined.attempts)
          this.#answeredFor(records.joined.pending)
        }
        acknowledged({ parkedOffset, joinedOffset, attemptOffsets: [] })
      }),
    )
  }

  /** Messages that are joined will not be sent any more: their record stands for them, whoever has written it. */
  #answeredFor({ joined = [] }: PendingDelivery): void {
    for (const id of joined) {
      this.ended.add(id)
      this.settled.add(id)
    }
  }

  #send(sending: Delivery, attempt: number, answer: Answering, ended: (result: SendResult) => void): void {
    const { deliveryId, webhookId, contactId } = sending
    const replayId = replayIdOf(sending)
    const startedAtMs = this.clock.nowMs + this.wallSkewMs
    this.sent.push({ deliveryId, attempt, webhookId, contactId, atMs: this.clock.nowMs, replayId })
    const { outcome, afterMs } = answer(sending, attempt, this.random)
    if (outcome === 'postponed' || outcome === 'fault') {
      const reason = 'a fault of ours'
      this.clock.after(0, () =>
        ended({
          startedAtMs,
          reason,
          ...(outcome === 'fault' ? { kind: 'fault' } : { kind: 'postponed', delayMs: postponedMs }),
        }),
      )
      this.sent.pop()
      return
    }
    this.flying.set(webhookId, (this.flying.get(webhookId) ?? 0) + 1)
    this.mostFlyingOf.set(webhookId, Math.max(this.mostFlyingOf.get(webhookId) ?? 0, this.flying.get(webhookId) ?? 0))
    const life = this.#life
    this.clock.after(afterMs, () => {
      if (life !== this.#life) return
      this.flying.set(webhookId, (this.flying.get(webhookId) ?? 0) - 1)
      ended({ kind: 'outcome', startedAtMs, outcome })
    })
  }
}

/** Id of a replay whose deliveries replayOf has made; null for live traffic. */
function replayIdOf({ traceparent }: Delivery): string | null {
  return traceparent?.startsWith(replayTrace) ? traceparent.slice(replayTrace.length) : null
}

/** A dead letter names no replay, so its delivery tells: a webhook that is switched off ends replays without an attempt. */
function idOfLetter(letter: DeadLetter | undefined): string | undefined {
  return letter?.delivery ? answerId(letter.delivery.deliveryId, replayIdOf(letter.delivery)) : undefined
}

/** Id of the delivery that the records are of. */
function idIn({ attempt, deadLetter, parked, retry, joined }: OutcomeRecords): string | null {
  const pending = retry?.pending ?? joined?.pending ?? parked
  const delivery = attempt ?? deadLetter?.delivery ?? pending?.delivery
  return delivery?.deliveryId ?? null
}
