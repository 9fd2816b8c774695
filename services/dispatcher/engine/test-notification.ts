import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, Delivery } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import { type RecordPosition, SetAside } from '../../platform/runtime/record-faults.ts'
import { attemptRecord } from './attempt-record.ts'
import type { DeliveryPool } from './delivery-pool.ts'
import type { ItemFaults } from './item-faults.ts'
import type { EnginePorts, SendResult } from './ports.ts'

/** Age above which a test is not sent: nobody waits longer than the longest timeoutMs and a little. */
const staleMs = 60_000

/**
 * Sends test notifications at once, each in one attempt: independent of lanes, breaker and limits and without effect
 * on them, but signed, checked and recorded like all others, and only while the webhook is on (contract.md, 1.5).
 */
export class TestNotifications {
  readonly #ports: Pick<EnginePorts, 'nowMs' | 'definition' | 'readDraft' | 'send'>
  readonly #held: Pick<DeliveryPool, 'answered' | 'record'>
  readonly #steps: ItemFaults
  readonly #onIdle: () => void
  /** Callbacks by delivery id, to call when the attempt is in Kafka. */
  readonly #flying = new Map<string, (() => void)[]>()
  #stopped = false

  constructor(
    ports: Pick<EnginePorts, 'nowMs' | 'definition' | 'readDraft' | 'send'>,
    held: Pick<DeliveryPool, 'answered' | 'record'>,
    steps: ItemFaults,
    onIdle: () => void,
  ) {
    this.#ports = ports
    this.#held = held
    this.#steps = steps
    this.#onIdle = onIdle
  }

  get inFlight(): number {
    return this.#flying.size
  }

  /** Starts no more: another instance takes them. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * @param done called once the attempt is in Kafka, or at once if there will be none.
   * @param draft JSON of an unsaved definition to send by; null for the one in force.
   * @param failed called instead if it cannot be handled.
   */
  take(
    position: RecordPosition,
    delivery: Delivery,
    done: () => void,
    draft: string | null,
    failed: (aside: SetAside) => void,
  ): void {
    if (this.#stopped) return
    const { deliveryId } = delivery
    const duplicate = this.#flying.get(deliveryId)
    if (duplicate) return void duplicate.push(done)
    const plan = this.#steps.step(position, delivery, 'deciding about a test', () => this.#plan(delivery, draft))
    if (plan instanceof SetAside) return failed(plan)
    if (plan === null) return done()
    const waiting: (() => void)[] = []
    this.#flying.set(deliveryId, waiting)
    let isOpen = true
    const end = (how: () => void) => {
      isOpen = false
      this.#flying.delete(deliveryId)
      how()
      for (const each of waiting) each()
      this.#onIdle()
    }
    const step = (name: string, run: () => void) => {
      const result = this.#steps.step(position, delivery, name, run)
      if (result instanceof SetAside) end(() => failed(result))
    }
    const ended = (result: SendResult) => {
      if (!isOpen) return
      isOpen = false
      // An internal fault, which send has logged, says nothing about the receiver.
      if (result.kind !== 'outcome') return end(done)
      step('recording a test', () => this.#record(position, delivery, plan, result, () => end(done)))
    }
    step('sending a test', () => this.#ports.send(delivery, 1, plan.definition, ended, { keepsAnswer: true }))
  }

  /** @returns the definition to send by; null if it is not to be sent. */
  #plan(delivery: Delivery, draft: string | null): TestPlan | null {
    const { deliveryId, webhookId, createdAt } = delivery
    const stored = draft === null ? this.#ports.definition(webhookId) : undefined
    const written = draft === null ? stored?.definition : this.#ports.readDraft(draft)
    const isStale = this.#ports.nowMs() - createdAt > staleMs
    if (!belongsTo(written, delivery) || !written?.enabled || isStale || this.#held.answered.has(deliveryId, 0))
      return null
    return { definition: written, definitionOffset: stored?.offset ?? null }
  }

  #record(
    position: RecordPosition,
    delivery: Delivery,
    plan: TestPlan,
    { outcome, startedAtMs }: SendResult & { kind: 'outcome' },
    done: () => void,
  ): void {
    const facts = { ...plan, delivery, replayId: null, position, attempt: 1, startedAtMs, outcome }
    const record = attemptRecord({ ...facts, next: { kind: 'done' } }, this.#ports.nowMs())
    const attempt = { ...record, test: true, ...toAnswer(outcome) }
    this.#held.record(position.partition, { attempt }, () => {
      this.#steps.attempt(position, delivery, 'remembering a test', () =>
        this.#held.answered.add(delivery.deliveryId, Number.POSITIVE_INFINITY),
      )
      done()
    })
  }
}

type TestPlan = { definition: WebhookDefinition; definitionOffset: number | null }

/** The answer itself, which the record of a test holds whatever its status. */
function toAnswer(outcome: Outcome): Pick<Attempt, 'responseExcerpt' | 'responseHeaders'> | null {
  const answer = outcome.kind === 'success' || outcome.kind === 'refused' ? outcome.answer : undefined
  return answer === undefined ? null : { responseExcerpt: answer.body, responseHeaders: answer.headers }
}

/** Whether the definition belongs to the delivery's webhook and business: an id may move to another one. */
function belongsTo(definition: WebhookDefinition | undefined, { webhookId, businessId }: Delivery): boolean {
  return definition?.id === webhookId && definition.businessId === businessId
}
