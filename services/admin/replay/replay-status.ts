import { type AttemptOutcome, attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { grown, IdTable } from './id-table.ts'
import { startOfReplay } from './replay-progress.ts'
import type { ReplaySelection } from './replay-request.ts'
import type { AttemptHead, LetterHead, ReplayHead } from './replay-topics.ts'

/** More than one replay may look at. */
export class TooMany extends Error {
  override name = 'TooMany'
}

/** Notifications whose standing is known, at most: 45 bytes each. */
const maxStandings = 1_000_000

const isUnderWay = 16
const isTaken = 32
const hasAttempt = 64
const outcomeBits = 3

/**
 * What has become of each notification of a webhook: a fold over its replays, dead letters and attempts, attempts in the order of
 * their topic.
 */
export class Standings {
  readonly #ids = new IdTable()
  /** Of the latest attempt, the latest dead letter, and the latest replay that holds it; 0: none. */
  #attemptAt = new Float64Array(1_024)
  #letterAt = new Float64Array(1_024)
  #replayAt = new Float64Array(1_024)
  /** The latest attempt's outcome, and whether another one follows by itself. */
  #flags = new Uint8Array(1_024)
  readonly #stopped = new Set<string>()
  /** When those began: no two replays of a webhook begin within a millisecond. */
  readonly #stoppedStarts = new Set<number>()

  /** Nothing more of it is sent. To be called before attempts are added. */
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
    this.#replayAt[number] = startMs
  }

  /** @throws TooMany */
  addLetter({ delivery, deadLetteredAt }: LetterHead): void {
    if (!delivery) return
    const number = this.#add(delivery.deliveryId)
    this.#letterAt[number] = deadLetteredAt
  }

  /** @throws TooMany */
  addAttempt({ deliveryId, outcome, startedAt, next, test, replayId }: AttemptHead): void {
    if (test) return
    const number = this.#add(deliveryId)
    const taken = (this.#flags[number] ?? 0) & isTaken
    const goesOn = next === 'retry' && (replayId === null || !this.#stopped.has(replayId))
    this.#attemptAt[number] = startedAt
    this.#flags[number] = taken | hasAttempt | (goesOn ? isUnderWay : 0) | attemptOutcomes.indexOf(outcome)
  }

  /** Whether a notification belongs to a window: made in it, and neither waiting nor about to be tried again anyway. */
  isInWindow(
    deliveryId: string,
    createdAt: number,
    { sinceMs, untilMs, outcomes }: Extract<ReplaySelection, { kind: 'window' }>,
  ): boolean {
    if (createdAt < sinceMs || createdAt >= untilMs) return false
    const number = this.#ids.find(deliveryId)
    if (number === -1 || this.#isBeingReplayed(number)) return false
    const flags = this.#flags[number] ?? 0
    // Given up after its latest attempt, for instance because the webhook was switched off.
    const letterAt = this.#letterAt[number] ?? 0
    const isGivenUp = letterAt > 0 && letterAt >= (this.#attemptAt[number] ?? 0)
    if (!isGivenUp && ((flags & hasAttempt) === 0 || (flags & isUnderWay) !== 0)) return false
    if (outcomes === null) return true
    return (flags & hasAttempt) !== 0 && outcomes.includes(attemptOutcomes[flags & outcomeBits] as AttemptOutcome)
  }

  /** Whether a notification with a dead letter still is one: nothing has delivered it since, or is about to. */
  isDead(deliveryId: string): boolean {
    const number = this.#ids.find(deliveryId)
    const letterAt = this.#letterAt[number] ?? 0
    if (number === -1 || letterAt === 0 || this.#isBeingReplayed(number)) return false
    const flags = this.#flags[number] ?? 0
    if ((flags & hasAttempt) === 0 || (this.#attemptAt[number] ?? 0) <= letterAt) return true
    const outcome = attemptOutcomes[flags & outcomeBits]
    return (flags & isUnderWay) === 0 && outcome !== 'success' && outcome !== 'slow'
  }

  /** @returns whether it is taken for the first time: records can stand in their topic twice. */
  take(deliveryId: string): boolean {
    const number = this.#add(deliveryId)
    const flags = this.#flags[number] ?? 0
    this.#flags[number] = flags | isTaken
    return (flags & isTaken) === 0
  }

  /** A replay that has brought neither a last attempt nor a dead letter since it began still has it before it. */
  #isBeingReplayed(number: number): boolean {
    const replayAt = this.#replayAt[number] ?? 0
    if (replayAt === 0 || (this.#letterAt[number] ?? 0) >= replayAt) return false
    if (this.#stoppedStarts.has(replayAt)) return false
    const isSettled = ((this.#flags[number] ?? 0) & isUnderWay) === 0 && (this.#attemptAt[number] ?? 0) >= replayAt
    return !isSettled
  }

  /** Makes room for it, too: a column is to be read only behind this call. */
  #add(deliveryId: string): number {
    const number = this.#ids.add(deliveryId)
    const { size } = this.#ids
    if (size > maxStandings) throw new TooMany(`more than ${maxStandings} notifications to look at`)
    this.#attemptAt = grown(this.#attemptAt, size)
    this.#letterAt = grown(this.#letterAt, size)
    this.#replayAt = grown(this.#replayAt, size)
    this.#flags = grown(this.#flags, size)
    return number
  }
}
