import type { HttpConnection } from './connection.ts'

/** Maximum idle connections of the whole process, so that 10,000 webhooks do not keep 10,000 open. */
const maxIdle = 1_024
/** Time after which an idle connection is closed; a second less than its server keeps it, if that says how long. */
const idleMs = 4_000
const idleMarginMs = 1_000
const sweepMs = 1_000

/**
 * The idle connections, by what may share them: the one used last is taken first. They are closed when they have idled for
 * long, are of age, or are too many, the longest idle first. Own code, as undici's pool comes with undici's reading of
 * answers (docs/decisions/0013-own-http-client.md).
 */
export class ConnectionPool implements Disposable {
  readonly #nowMs: () => number
  readonly #lifetimeMs: number
  readonly #byKey = new Map<string, HttpConnection[]>()
  /** All idle connections, the longest idle first. */
  readonly #all = new Set<HttpConnection>()
  /** Undefined while no connection is idle. */
  #sweeping: NodeJS.Timeout | undefined
  #isClosed = false

  /** @param lifetimeMs age from which a connection carries no new request, so that changes of DNS take effect. */
  constructor(nowMs: () => number, lifetimeMs: number) {
    this.#nowMs = nowMs
    this.#lifetimeMs = lifetimeMs
  }

  take(key: string): HttpConnection | undefined {
    const connections = this.#byKey.get(key)
    for (let found = connections?.pop(); found; found = connections?.pop()) {
      this.#all.delete(found)
      if (this.#mayCarry(found)) return found
      found.destroy()
    }
    return undefined
  }

  /** @param serverIdleSeconds how long the other side keeps it open, if it says so. */
  keep(connection: HttpConnection, serverIdleSeconds: number | null): void {
    const nowMs = this.#nowMs()
    connection.release()
    connection.idleSinceMs = nowMs
    connection.idleLimitMs =
      serverIdleSeconds === null ? idleMs : Math.min(idleMs, serverIdleSeconds * 1_000 - idleMarginMs)
    if (this.#isClosed || !this.#mayCarry(connection)) return connection.destroy()
    connection.onIdleEnd = () => this.#forget(connection)
    const connections = this.#byKey.get(connection.key)
    if (connections) connections.push(connection)
    else this.#byKey.set(connection.key, [connection])
    this.#all.add(connection)
    this.#sweeping ??= setInterval(() => this.#sweep(), Math.min(sweepMs, this.#lifetimeMs)).unref()
    if (this.#all.size > maxIdle) for (const oldest of this.#all) return oldest.destroy()
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    clearInterval(this.#sweeping)
    for (const connection of this.#all) connection.destroy()
  }

  #mayCarry({ isOpen, openedAtMs, idleSinceMs, idleLimitMs }: HttpConnection): boolean {
    const nowMs = this.#nowMs()
    return isOpen && nowMs - openedAtMs < this.#lifetimeMs && nowMs - idleSinceMs < idleLimitMs
  }

  #sweep(): void {
    for (const connection of this.#all) if (!this.#mayCarry(connection)) connection.destroy()
    for (const [key, connections] of this.#byKey) if (connections.length === 0) this.#byKey.delete(key)
    if (this.#all.size > 0) return
    clearInterval(this.#sweeping)
    this.#sweeping = undefined
  }

  #forget(connection: HttpConnection): void {
    if (!this.#all.delete(connection)) return
    const connections = this.#byKey.get(connection.key) ?? []
    const index = connections.indexOf(connection)
    if (index >= 0) connections.splice(index, 1)
  }
}
