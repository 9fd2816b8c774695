/** Maximum sessions kept, about 2 KB each; the oldest is dropped first. */
const maxSessions = 1_000

/** TLS sessions for resumption, by what may share a connection: a handshake without one takes ten times the CPU. */
export class TlsSessions {
  readonly #sessions = new Map<string, Buffer>()

  find(key: string): Buffer | undefined {
    return this.#sessions.get(key)
  }

  keep(key: string, session: Buffer): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    if (this.#sessions.size <= maxSessions) return
    for (const oldest of this.#sessions.keys()) return void this.#sessions.delete(oldest)
  }
}
