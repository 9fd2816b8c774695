import type { Socket } from 'node:net'
import type { RequestBytes } from '../request-bytes.ts'

/** Whoever a connection's bytes are for. */
export type ConnectionUser = {
  /** @param bytes are the user's during the call only. */
  received(bytes: Buffer): void
  /** Nothing more comes. @param error null when the other side has closed in an orderly way. */
  closed(error: Error | null): void
}

/** An open connection: it carries one request at a time, and what comes while it carries none ends it. */
export class HttpConnection {
  /** What may share it: see Connections. */
  readonly key: string
  readonly openedAtMs: number
  /** Requests that were written to it. */
  carried = 0
  /** When it became idle, and for how long it may stay so. */
  idleSinceMs = 0
  idleLimitMs = 0
  /** Called once, when it ends while nobody uses it. */
  onIdleEnd: () => void = () => {}
  readonly #socket: Socket
  #user: ConnectionUser | null = null
  #hasEnded = false

  /** @param socket open, its bytes coming by `data` or by received(). */
  constructor(socket: Socket, key: string, openedAtMs: number) {
    this.#socket = socket
    this.key = key
    this.openedAtMs = openedAtMs
    socket.on('data', (bytes: Buffer) => this.received(bytes))
    socket.on('error', (error) => this.#end(error))
    socket.on('end', () => this.#end(null))
    socket.on('close', () => this.#end(null))
  }

  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /** Whether all that was written has gone to the kernel: an answer may come before. */
  get isWritten(): boolean {
    return this.#socket.writableLength === 0
  }

  carry({ head, body }: RequestBytes, user: ConnectionUser): void {
    this.#user = user
    this.carried++
    if (body === null) this.#socket.write(head)
    else {
      this.#socket.cork()
      this.#socket.write(head)
      this.#socket.write(body)
      this.#socket.uncork()
    }
  }

  /** The user is done with it. */
  release(): void {
    this.#user = null
  }

  received(bytes: Buffer): void {
    if (this.#hasEnded) return
    if (this.#user) this.#user.received(bytes)
    else this.destroy()
  }

  /** Ends it without a word to its user. */
  destroy(): void {
    this.#user = null
    this.#end(null)
  }

  #end(error: Error | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const user = this.#user
    this.#user = null
    this.#socket.destroy()
    if (user) user.closed(error)
    else this.onIdleEnd()
  }
}
