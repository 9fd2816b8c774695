import type { Attempt, AttemptOutcome, DeadLetter, Delivery } from '../domain/delivery.ts'
import type { ReplaySelection } from './replay-request.ts'

/** What has become of a notification until now. */
type Standing = {
  /** Of the latest attempt. */
  outcome: AttemptOutcome | null
  startedAt: number
  /** Another attempt follows by itself. */
  isUnderWay: boolean
}

/** A fold over a webhook's attempts and dead letters, by delivery id; attempts in the order of their topic. */
export class Standings {
  readonly #attempted = new Map<string, Standing>()
  readonly #letters = new Map<string, DeadLetter & { delivery: Delivery }>()

  get size(): number {
    return this.#attempted.size + this.#letters.size
  }

  /** The newest dead letter of each notification. */
  get letters(): Iterable<DeadLetter & { delivery: Delivery }> {
    return this.#letters.values()
  }

  addAttempt({ deliveryId, outcome, startedAt, next, test }: Attempt): void {
    if (!test) this.#attempted.set(deliveryId, { outcome, startedAt, isUnderWay: next === 'retry' })
  }

  addLetter(letter: DeadLetter): void {
    const { delivery } = letter
    if (delivery) this.#letters.set(delivery.deliveryId, { ...letter, delivery })
  }

  /** Whether a notification belongs to a window: made in it, and neither waiting nor about to be tried again anyway. */
  isInWindow(
    { deliveryId, createdAt }: Delivery,
    { sinceMs, untilMs, outcomes }: Extract<ReplaySelection, { kind: 'window' }>,
  ): boolean {
    if (createdAt < sinceMs || createdAt >= untilMs) return false
    const last = this.#attempted.get(deliveryId)
    const letter = this.#letters.get(deliveryId)
    // Given up after its latest attempt, for instance because the webhook was switched off.
    const isGivenUp = letter !== undefined && letter.deadLetteredAt >= (last?.startedAt ?? 0)
    if (!isGivenUp && (last === undefined || last.isUnderWay)) return false
    return outcomes === null || (last?.outcome != null && outcomes.includes(last.outcome))
  }

  /** Whether a dead letter still is one: nothing has delivered it since, or is about to. */
  isDead({ delivery, deadLetteredAt }: DeadLetter & { delivery: Delivery }): boolean {
    const last = this.#attempted.get(delivery.deliveryId)
    if (!last || last.startedAt <= deadLetteredAt) return true
    return !last.isUnderWay && last.outcome !== 'success' && last.outcome !== 'slow'
  }
}
