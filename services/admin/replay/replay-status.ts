import { type AttemptOutcome, attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { isReplaced } from '../../domain/delivery/outcome.ts'
import { free, grown, IdTable } from './id-table.ts'
import { startOfReplay } from './replay-progress.ts'
import type { ReplaySelection } from './replay-request.ts'
import type { AttemptHead, LetterHead, ReplayHead } from './replay-topics.ts'

/** Thrown when a selection has more notifications than one replay may examine. */
export class TooMany extends Error {
  override name = 'TooMany'
}

/** Maximum notifications examined, 45 bytes each. */
export const maxStandings = 1_000_000

const isUnderWay = 16
const isTaken = 32
const hasAttempt = 64
const outcomeBits = 3

/**
 * State of each notification of a webhook: a fold over its replays, dead letters and attempts, the attempts in the order of
 * their topic.
 */
export class Standings implements Disposable {
  readonly #ids = new IdTable()
  /**
   * Times of the latest attempt, the latest dead letter, and the latest replay that contains it; 0 for none. A column ends
   * at the last notification that has a value in it.
   */
  #attemptAt = new Float64Array(1_024)
  #letterAt = new Float64Array(1_024)
  #replayAt = new Float64Array(1_024)
  /** Outcome of the latest attempt, and whether a retry follows. */
  #flags = new Uint8Array(1_024)
  readonly #stopped = new Set<string>()
  /** Starts of stopped replays. No two replays of a webhook start in the same millisecond. */
  readonly #stoppedStarts = new Set<number>()

  /** Notes that a replay was stopped. To be called before attempts are added. */
  addStop(replayId: string): void {
    const startMs = startOfReplay(replayId)
    if (startMs === null) return
    this.#stopped.add(replayId)
    this.#stoppedStarts.add(startMs)
  }

  /** @throws TooMany */
  addReplay({ replayId, delivery: { deliveryId } }: ReplayHead): void {
    const startMs = replayId === null ? null : startOfReplay(replayId)
    if (startMs === null) return
    const number = this.#add(deliveryId)
    this.#replayAt = grown(this.#replayAt, number + 1)
    this.#replayAt[number] = startMs
  }

  /** @throws TooMany */
  addLetter({ delivery, deadLetteredAt }: LetterHead): void {
    if (!delivery) return
    const number = this.#add(delivery.deliveryId)
    this.#letterAt = grown(this.#letterAt, number + 1)
    this.#letterAt[number] = deadLetteredAt
  }

  /** @throws TooMany */
  addAttempt(attempt: AttemptHead): void {
    const { deliveryId, outcome, startedAt, next, test, replayId } = attempt
    // Superseded and joined notifications are never selected, as if they still waited.
    if (test || isReplaced(attempt)) return
    const number = this.#add(deliveryId)
    const taken = (this.#flags[number] ?? 0) & isTaken
    const goesOn = next === 'retry' && (replayId === null || !this.#stopped.has(replayId))
    this.#attemptAt = grown(this.#attemptAt, number + 1)
    this.#attemptAt[number] = startedAt
    this.#flags = grown(this.#flags, number + 1)
    this.#flags[number] = taken | hasAttempt | (goesOn ? isUnderWay : 0) | attemptOutcomes.indexOf(outcome)
  }

  /** Whether a notification belongs to a period: it was created in it, and is neither waiting nor about to be retried. */
  isInWindow(
    deliveryId: string,
    createdAt: number,
    { sinceMs, untilMs, outcomes }: Extract<ReplaySelection, { kind: 'window' }>,
  ): boolean {
    if (createdAt < sinceMs || createdAt >= untilMs) return false
    const number = this.#ids.find(deliveryId)
    if (number === -1 || this.#isBeingReplayed(number)) return false
    const flags = this.#flags[number] ?? 0
    // It became a dead letter after its latest attempt, for instance because the webhook was switched off.
    const letterAt = this.#letterAt[number] ?? 0
    const isGivenUp = letterAt > 0 && letterAt >= (this.#attemptAt[number] ?? 0)
    if (!isGivenUp && ((flags & hasAttempt) === 0 || (flags & isUnderWay) !== 0)) return false
    if (outcomes === null) return true
    return (flags & hasAttempt) !== 0 && outcomes.includes(attemptOutcomes[flags & outcomeBits] as AttemptOutcome)
  }

  /**
   * Time of the latest dead letter, if it still counts: the notification was not delivered since, and no attempt is about
   * to follow. Null otherwise.
   */
  givenUpAt(deliveryId: string): number | null {
    const number = this.#ids.find(deliveryId)
    const letterAt = this.#letterAt[number] ?? 0
    if (number === -1 || letterAt === 0 || this.#isBeingReplayed(number)) return null
    const flags = this.#flags[number] ?? 0
    if ((flags & hasAttempt) === 0 || (this.#attemptAt[number] ?? 0) <= letterAt) return letterAt
    const outcome = attemptOutcomes[flags & outcomeBits]
    return (flags & isUnderWay) === 0 && outcome !== 'success' && outcome !== 'slow' ? letterAt : null
  }

  /** @returns whether it is taken for the first time; a topic may contain a record twice. */
  take(deliveryId: string): boolean {
    const number = this.#add(deliveryId)
    const flags = this.#flags[number] ?? 0
    this.#flags = grown(this.#flags, number + 1)
    this.#flags[number] = flags | isTaken
    return (flags & isTaken) === 0
  }

  [Symbol.dispose](): void {
    this.#ids[Symbol.dispose]()
    free(this.#attemptAt, this.#letterAt, this.#replayAt, this.#flags)
  }

  /** Whether a replay still has to send the notification: no last attempt and no dead letter since the replay began. */
  #isBeingReplayed(number: number): boolean {
    const replayAt = this.#replayAt[number] ?? 0
    if (replayAt === 0 || (this.#letterAt[number] ?? 0) >= replayAt) return false
    if (this.#stoppedStarts.has(replayAt)) return false
    const isSettled = ((this.#flags[number] ?? 0) & isUnderWay) === 0 && (this.#attemptAt[number] ?? 0) >= replayAt
    return !isSettled
  }

  #add(deliveryId: string): number {
    const number = this.#ids.add(deliveryId)
    if (this.#ids.size > maxStandings) throw new TooMany(`more than ${maxStandings} notifications to look at`)
    return number
  }
}
