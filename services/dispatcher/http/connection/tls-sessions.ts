/** Sessions of about 2 KB each that are kept; the one kept first goes first. */
const maxSessions = 1_000

/** TLS sessions to be resumed, by what may share a connection: a handshake without them takes ten times the CPU. */
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
