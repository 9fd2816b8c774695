import type { Assignment, Commit, CommitResult } from '../platform/kafka/consumer.ts'
import { commitLast } from '../platform/kafka/group/last-commit.ts'
import type { Clock, Timer } from '../platform/runtime/clock.ts'

type Committing = (assignment: Assignment, commits: Commit[]) => Promise<CommitResult>

type Pending = { assignment: Assignment; commit: Commit }

/**
 * Commits finished offsets at intervals, all partitions in one request; a commit per batch would delay every next
 * batch. After a crash the events of one interval are read again and produce the same ids.
 */
export class Commits implements AsyncDisposable {
  readonly #send: Committing
  readonly #intervalMs: number
  readonly #clock: Pick<Clock, 'after'>
  /** Undefined while nothing is to be committed. */
  #timer: Timer | undefined
  #isClosed = false
  #pending = new Map<string, Pending>()
  /** The commit under way. While Kafka does not answer, later ones do not queue up behind it. */
  #committing: Promise<CommitResult> | undefined

  constructor(send: Committing, intervalMs: number, clock: Pick<Clock, 'after'>) {
    this.#send = send
    this.#intervalMs = intervalMs
    this.#clock = clock
  }

  /** Marks everything before the commit's offset as read under the assignment and acknowledged. */
  finished(assignment: Assignment, commit: Commit): void {
    this.#pending.set(toKey(commit), { assignment, commit })
    this.#beginLater()
  }

  /** Commits what is finished so far, after the commit under way: before a stop, and before joining the group again. */
  async flush(): Promise<void> {
    await this.#committing
    await commitLast(() => this.#begin())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#committing
  }

  #beginLater(): void {
    if (this.#isClosed) return
    this.#timer ??= this.#clock.after(this.#intervalMs, () => {
      this.#timer = undefined
      void this.#begin()
    })
  }

  #begin(): Promise<CommitResult> {
    this.#committing ??= this.#commit().finally(() => {
      this.#committing = undefined
      if (this.#pending.size > 0) this.#beginLater()
    })
    return this.#committing
  }

  async #commit(): Promise<CommitResult> {
    const taken = [...this.#pending.values()].filter(({ assignment }) => assignment.current)
    this.#pending = new Map()
    const assignment = taken[0]?.assignment
    if (!assignment) return 'committed'
    const commits = taken.map(({ commit }) => commit)
    const result = await this.#send(assignment, commits)
    if (result !== 'failed') return result
    for (const pending of taken) {
      const place = toKey(pending.commit)
      if (!this.#pending.has(place)) this.#pending.set(place, pending)
    }
    return result
  }
}

function toKey({ topic, partition }: Commit): string {
  return `${topic}/${partition}`
}
