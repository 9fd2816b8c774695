/** Maximum answers, in the whole process, whose body is still read after their status has been taken. */
const maxUnread = 256

/** Exchanges that are over except for the rest of a 2xx answer's body; beyond the maximum, the oldest one ends. */
export class UnreadBodies {
  readonly #exchanges = new Set<{ abort(reason: string): void }>()

  add(exchange: { abort(reason: string): void }): void {
    this.#exchanges.add(exchange)
    if (this.#exchanges.size <= maxUnread) return
    for (const oldest of this.#exchanges) return oldest.abort('too many bodies are read')
  }

  close(): void {
    for (const exchange of this.#exchanges) exchange.abort('the sender is closed')
  }

  delete(exchange: { abort(reason: string): void }): void {
    this.#exchanges.delete(exchange)
  }
}
