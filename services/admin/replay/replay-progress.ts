import type { ReplayProgress } from '../../domain/api/replays.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { grown, IdTable } from './id-table.ts'
import type { AttemptHead, ReplayHead, ReplayScans } from './replay-topics.ts'

/** Id of a replay. It contains the start time, from which on its records are searched. @param random hexadecimal */
export function newReplayId(nowMs: number, random: string): string {
  return `rpl_${nowMs}_${random}`
}

/** @returns the start in milliseconds since the epoch; null if it is not the id of a replay. */
export function startOfReplay(replayId: string): number | null {
  const match = /^rpl_(\d{13})_[0-9a-f]{16}$/.exec(replayId)
  return match ? Number(match[1]) : null
}

/** States of a notification in a replay: not attempted, waiting for a retry, then the outcomes of the last attempt. */
const waiting = 0
const retrying = 1
const firstOutcome = 2

/** Progress of a replay: a fold over webhook-replays, then over the attempts. Each notification counts once. */
export class ProgressFold {
  readonly #replayId: string
  readonly #ids = new IdTable()
  #stopped = false
  #states = new Uint8Array(1_024)

  constructor(replayId: string) {
    this.#replayId = replayId
  }

  /** Notifications that are on their way. */
  get count(): number {
    return this.#ids.size
  }

  async read(scans: ReplayScans, businessId: string, webhookId: string, sinceMs: number): Promise<void> {
    const add = (replay: ReplayHead) => {
      if (replay.delivery.businessId === businessId) this.addReplay(replay)
    }
    await scans.replays(webhookId, sinceMs, add, (replayId) => this.addStop(replayId))
    await scans.attempts(webhookId, sinceMs, (attempt) => this.addAttempt(attempt))
  }

  addStop(replayId: string): void {
    this.#stopped ||= replayId === this.#replayId
  }

  get stopped(): boolean {
    return this.#stopped
  }

  addReplay({ replayId, delivery: { deliveryId } }: ReplayHead): void {
    if (replayId !== this.#replayId) return
    this.#ids.add(deliveryId)
    this.#states = grown(this.#states, this.#ids.size)
  }

  addAttempt({
    replayId,
    deliveryId,
    next,
    outcome,
  }: Pick<AttemptHead, 'replayId' | 'deliveryId' | 'next' | 'outcome'>): void {
    const number = replayId === this.#replayId ? this.#ids.find(deliveryId) : -1
    if (number >= 0)
      this.#states[number] = next === 'retry' ? retrying : firstOutcome + attemptOutcomes.indexOf(outcome)
  }

  /** @param total notifications of the replay, if it is known that more will be written. */
  progress(startedAtMs: number, total = 0): ReplayProgress {
    const tally = new Array<number>(firstOutcome + attemptOutcomes.length).fill(0)
    for (let number = 0; number < this.count; number++)
      tally[this.#states[number] ?? 0] = (tally[this.#states[number] ?? 0] ?? 0) + 1
    const toCome = Math.max(0, total - this.count)
    const of = (state: number) => tally[state] ?? 0
    const outcomes = Object.fromEntries(attemptOutcomes.map((name, index) => [name, of(firstOutcome + index)]))
    return {
      replayId: this.#replayId,
      startedAt: new Date(startedAtMs).toISOString(),
      count: this.count + toCome,
      waiting: of(waiting) + toCome,
      retrying: of(retrying),
      stopped: this.#stopped,
      outcomes: outcomes as ReplayProgress['outcomes'],
    }
  }
}
