import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { RequestBytes } from '../request-bytes.ts'

/** Largest request that is written in one piece; head and body of a larger one are not copied. */
const joinedBytes = 20_480
/**
 * Memory of the request that is being written. The kernel nearly always takes all of it at once, and it serves the next
 * one; a buffer for each request made V8 mark the whole heap more often (docs/measurements/http-client.md).
 */
let scratch = Buffer.allocUnsafeSlow(joinedBytes)

/** User of a connection, which receives its bytes. */
export type ConnectionUser = {
  /** @param bytes belong to the user during the call only. */
  received(bytes: Buffer): void
  /**
   * Called when nothing more comes.
   * @param error null when the other side has closed in an orderly way.
   */
  closed(error: Error | null): void
}

/** An open connection. It carries one request at a time; bytes that arrive while it carries none end it. */
export class HttpConnection {
  /** Key of requests that may share it (see ConnectionPool). */
  readonly key: string
  readonly openedAtMs: number
  /** Number of requests that were written to it. */
  carried = 0
  /** Time when it became idle, and how long it may stay idle. */
  idleSinceMs = 0
  idleLimitMs = 0
  /** Called once, when it ends while it has no user. */
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

  /** Whether everything written has gone to the kernel: an answer may come before. */
  get isWritten(): boolean {
    return this.#socket.writableLength === 0
  }

  carry({ head, body }: RequestBytes, user: ConnectionUser): void {
    this.#user = user
    this.carried++
    const socket = this.#socket
    const bytes = head.length + body.length
    if (bytes > joinedBytes) {
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body)
      socket.uncork()
    } else if (socket instanceof TLSSocket) {
      // TLS returns before it has read the bytes.
      socket.write(joined(Buffer.allocUnsafe(bytes), head, body))
    } else {
      socket.write(joined(scratch, head, body))
      if (!this.isWritten) scratch = Buffer.allocUnsafeSlow(joinedBytes)
    }
  }

  /** Ends its use by the user. */
  release(): void {
    this.#user = null
  }

  received(bytes: Buffer): void {
    if (this.#hasEnded) return
    if (this.#user) this.#user.received(bytes)
    else this.destroy()
  }

  /** Ends it without notifying its user. */
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

function joined(memory: Buffer, head: string, body: Buffer): Buffer {
  memory.write(head, 'latin1')
  body.copy(memory, head.length)
  return memory.subarray(0, head.length + body.length)
}
