import type { FetchPosition, FetchRequest } from '../wire/fetch-protocol.ts'

/** The part of a request that names its session, and what changed since the last one. */
export type SessionPart<P extends FetchPosition> = Pick<FetchRequest, 'sessionId' | 'sessionEpoch'> & {
  positions: readonly P[]
  forgotten: readonly P[]
}

const noSession = 0
const fullEpoch = 0
const lastEpoch = 2_147_483_647

/**
 * A fetch session with one broker (KIP-227). The broker keeps the partitions and their positions, so a request names
 * only what differs from the one before, and an answer only partitions with something to say. Its cost depends on what
 * it brings, not on the number of partitions. A partition that brought records goes to the end of the broker's order, so
 * none starves.
 */
export class FetchSession<P extends FetchPosition> {
  #id = noSession
  #epoch = fullEpoch
  /** Partitions that the broker knows once the latest request is answered. */
  readonly #known = new Map<string, P>()
  /** Rotates the order of requests without a session, which have a fixed one at the broker. */
  #turn = 0

  /**
   * The next request, to be followed by `answered` or `reset`.
   * @param wanted all partitions that the answer may bring. A position is compared by identity, so one that has not
   * changed must be the same object.
   */
  next(wanted: readonly P[]): SessionPart<P> {
    if (this.#epoch === fullEpoch) return this.#full(wanted)
    const positions: P[] = []
    for (const position of wanted) {
      if (this.#known.get(position.key) === position) continue
      this.#known.set(position.key, position)
      positions.push(position)
    }
    return { sessionId: this.#id, sessionEpoch: this.#epoch, positions, forgotten: this.#forget(wanted) }
  }

  /** The position that was asked for; undefined if the partition is not in the session. */
  asked(key: string): P | undefined {
    return this.#known.get(key)
  }

  /**
   * Notes that the broker has answered without an error of the session. @param id 0 if it keeps none, because it has
   * too many.
   */
  answered(id: number): void {
    this.#id = id
    if (id === noSession) this.#epoch = fullEpoch
    else this.#epoch = this.#epoch === lastEpoch ? 1 : this.#epoch + 1
  }

  /** Forgets a lost session: the next request names all partitions. */
  reset(): void {
    this.#id = noSession
    this.#epoch = fullEpoch
  }

  #full(wanted: readonly P[]): SessionPart<P> {
    this.#known.clear()
    for (const position of wanted) this.#known.set(position.key, position)
    const first = this.#turn++ % Math.max(1, wanted.length)
    const positions = [...wanted.slice(first), ...wanted.slice(0, first)]
    return { sessionId: this.#id, sessionEpoch: fullEpoch, positions, forgotten: [] }
  }

  #forget(wanted: readonly P[]): P[] {
    if (this.#known.size === wanted.length) return []
    const kept = new Set(wanted)
    const forgotten = [...this.#known.values()].filter((position) => !kept.has(position))
    for (const { key } of forgotten) this.#known.delete(key)
    return forgotten
  }
}
