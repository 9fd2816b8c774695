import type { Assignment, Commit } from '../platform/kafka/consumer.ts'
import type { Logger } from '../platform/runtime/log.ts'

/** @returns false when the assignment is no longer the current one. @throws when Kafka did not accept the commit. */
type Committing = (assignment: Assignment, commits: Commit[]) => Promise<boolean>

type Pending = { assignment: Assignment; commit: Commit }

/**
 * Commits finished offsets at intervals, all partitions in one request; a commit per batch would delay every next
 * batch. After a crash the events of one interval are read again and produce the same ids.
 */
export class Commits implements AsyncDisposable {
  readonly #send: Committing
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #pending = new Map<string, Pending>()
  #flushing: Promise<void> = Promise.resolve()

  constructor(send: Committing, intervalMs: number, log: Logger) {
    this.#send = send
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), intervalMs)
  }

  /** Marks everything before the commit's offset as read under the assignment and acknowledged. */
  finished(assignment: Assignment, commit: Commit): void {
    this.#pending.set(toKey(commit), { assignment, commit })
  }

  /** Commits what is finished so far, after any commit in flight. The next commit makes up for a failed one. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#commit())
    return this.#flushing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#flushing
  }

  async #commit(): Promise<void> {
    const taken = [...this.#pending.values()].filter(({ assignment }) => assignment.current)
    this.#pending = new Map()
    const assignment = taken[0]?.assignment
    if (!assignment) return
    const commits = taken.map(({ commit }) => commit)
    try {
      await this.#send(assignment, commits)
    } catch (error) {
      this.#log.warn({ err: error }, 'commit failed, the next one makes up for it')
      for (const pending of taken) {
        const place = toKey(pending.commit)
        if (!this.#pending.has(place)) this.#pending.set(place, pending)
      }
    }
  }
}

function toKey({ topic, partition }: Commit): string {
  return `${topic}/${partition}`
}
