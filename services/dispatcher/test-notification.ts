import { definitionParser } from '../config-tables.ts'
import type { WebhookDefinition } from '../domain/definition.ts'
import type { Delivery } from '../domain/delivery.ts'
import type { HeldItems } from './held-items.ts'
import type { EnginePorts } from './ports.ts'
import { attemptRecord, type Place } from './records.ts'

const parse = definitionParser()

/** Whoever asked for a test does not wait longer than the longest timeoutMs and a little: later, it says nothing. */
const staleMs = 60_000

/**
 * Sends test notifications at once, each by one attempt: beside lanes, breaker and limits, and without effect on them, but
 * signed, checked and recorded as all others, and only while the webhook is on (contract.md, 1.5).
 */
export class TestNotifications {
  readonly #ports: Pick<EnginePorts, 'nowMs' | 'definition' | 'send'>
  readonly #held: Pick<HeldItems, 'answered' | 'record'>
  readonly #onIdle: () => void
  /** By delivery id: what is to be called when the attempt is in Kafka. */
  readonly #flying = new Map<string, (() => void)[]>()
  #stopped = false

  constructor(
    ports: Pick<EnginePorts, 'nowMs' | 'definition' | 'send'>,
    held: Pick<HeldItems, 'answered' | 'record'>,
    onIdle: () => void,
  ) {
    this.#ports = ports
    this.#held = held
    this.#onIdle = onIdle
  }

  get inFlight(): number {
    return this.#flying.size
  }

  /** Starts none any more: another instance takes them. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * @param done called once the attempt is in Kafka, or at once when there is to be none.
   * @param draft JSON of a definition to send by that is not saved yet; null: by the one in force.
   */
  take(place: Place, delivery: Delivery, done: () => void, draft: string | null = null): void {
    const { deliveryId, webhookId, createdAt } = delivery
    if (this.#stopped) return
    const twin = this.#flying.get(deliveryId)
    if (twin) return void twin.push(done)
    const stored = draft === null ? this.#ports.definition(webhookId) : undefined
    const written = draft === null ? stored?.definition : readDraft(draft)
    const definition = isOf(written, delivery) ? written : undefined
    const isStale = this.#ports.nowMs() - createdAt > staleMs
    if (!definition?.enabled || isStale || this.#held.answered.has(deliveryId, 0)) return done()
    const definitionOffset = stored?.offset ?? null
    const waiting = [done]
    this.#flying.set(deliveryId, waiting)
    const end = () => {
      this.#flying.delete(deliveryId)
      for (const each of waiting) each()
      this.#onIdle()
    }
    this.#ports.send(delivery, 1, definition, (result) => {
      // A fault of ours, which send has logged: there is nothing to tell of the receiver.
      if (result.kind !== 'outcome') return end()
      const { outcome, startedAtMs } = result
      const facts = { delivery, replayId: null, definition, definitionOffset, place, attempt: 1, startedAtMs, outcome }
      const attempt = { ...attemptRecord({ ...facts, next: { kind: 'done' } }, this.#ports.nowMs()), test: true }
      this.#held.record(place.partition, { attempt }, () => {
        this.#held.answered.add(deliveryId, Number.POSITIVE_INFINITY)
        end()
      })
    })
  }
}

/** @returns undefined when it is none. */
function readDraft(draft: string): WebhookDefinition | undefined {
  const read = parse({ value: Buffer.from(draft), timestampMs: 0 })
  return read.kind === 'definition' ? read.definition : undefined
}

/** Whether the definition is of the delivery's webhook, and of its business: an id may go to another one. */
function isOf(definition: WebhookDefinition | undefined, { webhookId, businessId }: Delivery): boolean {
  return definition?.id === webhookId && definition.businessId === businessId
}
