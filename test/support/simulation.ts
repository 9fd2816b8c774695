import { Engine, type EngineLimits, type SendResult } from '../../services/dispatcher/engine.ts'
import type { WebhookDefinition } from '../../services/domain/definition.ts'
import type { Attempt, DeadLetter, Delivery } from '../../services/domain/delivery.ts'
import type { Outcome } from '../../services/domain/outcome.ts'

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

/** Virtual time: what is due runs in the order of its time, then of its making. */
export class VirtualClock {
  nowMs = 1_700_000_000_000
  #serial = 0
  #events: { atMs: number; serial: number; run: () => void }[] = []

  after(delayMs: number, run: () => void): { cancel(): void } {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), serial: this.#serial++, run }
    this.#events.push(event)
    const cancel = () => {
      this.#events = this.#events.filter((other) => other !== event)
    }
    return { cancel }
  }

  /** Runs the next event. @returns false when there is none. */
  step(): boolean {
    let next = this.#events[0]
    for (const event of this.#events) {
      if (next && (event.atMs < next.atMs || (event.atMs === next.atMs && event.serial < next.serial))) next = event
    }
    if (!next) return false
    this.#events.splice(this.#events.indexOf(next), 1)
    this.nowMs = next.atMs
    next.run()
    return true
  }
}

export function definition(id: string, changes: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return {
    id,
    businessId: 'business',
    name: id,
    url: `https://${id}.example/hook`,
    enabled: true,
    channels: ['channel'],
    events: {
      userMessages: true,
      botMessages: true,
      operatorMessages: true,
      deliveredStatus: true,
      readStatus: true,
      variableChanges: true,
    },
    headers: {},
    timeoutMs: 10_000,
    slowThresholdMs: 1_000,
    retryProfile: 'chat',
    whenBlocked: 'reject',
    maxInFlight: 64,
    secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  }
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

export type Sent = { deliveryId: string; attempt: number; webhookId: string; contactId: string; atMs: number }

/** The engine with everything around it simulated: receivers, Kafka's acknowledgements, time. */
export class SimulatedWorld {
  readonly clock = new VirtualClock()
  readonly random: () => number
  readonly definitions = new Map<string, WebhookDefinition>()
  readonly sent: Sent[] = []
  readonly attempts: Attempt[] = []
  readonly deadLetters: DeadLetter[] = []
  /** Delivery ids whose outcome is acknowledged by Kafka for good. */
  readonly settled = new Set<string>()
  readonly engine: Engine
  readonly flying = new Map<string, number>()
  readonly mostFlyingOf = new Map<string, number>()
  rooms = 0

  constructor(
    seed: number,
    /** How a send ends and after how long. */
    answer: (delivery: Delivery, attempt: number, random: () => number) => { outcome: Outcome; afterMs: number },
    limits: Partial<EngineLimits> = {},
  ) {
    this.random = seeded(seed)
    this.engine = new Engine(
      {
        nowMs: () => this.clock.nowMs,
        random: this.random,
        definition: (id) => this.definitions.get(id),
        send: (sending, attempt, _definition, ended) => this.#send(sending, attempt, answer, ended),
        record: (_partition, records, acknowledged) => {
          if (records.attempt) this.attempts.push(records.attempt)
          if (records.deadLetter) this.deadLetters.push(records.deadLetter)
          this.clock.after(this.random() * 20, () => {
            if (records.attempt?.next === 'none') this.settled.add(records.attempt.deliveryId)
            if (records.deadLetter?.delivery) this.settled.add(records.deadLetter.delivery.deliveryId)
            acknowledged()
          })
        },
        after: (delayMs, due) => this.clock.after(delayMs, due),
        onRoom: () => void this.rooms++,
      },
      { maxInFlight: 16, maxHeld: 1_000, maxHeldBytes: 1_000_000, recentIds: 10_000, ...limits },
    )
  }

  runAll(): void {
    while (this.clock.step());
  }

  #send(
    sending: Delivery,
    attempt: number,
    answer: (delivery: Delivery, attempt: number, random: () => number) => { outcome: Outcome; afterMs: number },
    ended: (result: SendResult) => void,
  ): void {
    const { deliveryId, webhookId, contactId } = sending
    const startedAtMs = this.clock.nowMs
    this.sent.push({ deliveryId, attempt, webhookId, contactId, atMs: startedAtMs })
    this.flying.set(webhookId, (this.flying.get(webhookId) ?? 0) + 1)
    this.mostFlyingOf.set(webhookId, Math.max(this.mostFlyingOf.get(webhookId) ?? 0, this.flying.get(webhookId) ?? 0))
    const { outcome, afterMs } = answer(sending, attempt, this.random)
    this.clock.after(afterMs, () => {
      this.flying.set(webhookId, (this.flying.get(webhookId) ?? 0) - 1)
      ended({ kind: 'outcome', startedAtMs, outcome })
    })
  }
}
