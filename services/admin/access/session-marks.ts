import { createHash } from 'node:crypto'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { Session } from './sessions.ts'

/** A record of webhook-sessions (schemas/webhook-sessions.avsc). */
export type SessionMark = { at: number; subject: string }

/** Writes a mark. @returns its offset, once the record has come back to onRecord. */
export type AppendMark = (key: string, mark: SessionMark) => Promise<number>

/** Longest session (config.ts) plus an hour for clocks that differ. Older marks are ignored. */
const keptMs = 25 * 3_600_000

/**
 * Used login tokens and ended sessions, as a fold over webhook-sessions, so that all instances agree. If several instances
 * take the same token, the first in the log has it.
 */
export class SessionMarks {
  /** Key -> offset and time of its first mark, in the order of the log, oldest first. */
  readonly #first = new Map<string, { offset: number; atMs: number }>()
  readonly #append: AppendMark

  constructor(append: AppendMark) {
    this.#append = append
  }

  /** Called with each record, in order. */
  onRecord({ key, offset, timestampMs }: Pick<ConsumedRecord, 'key' | 'offset' | 'timestampMs'>): void {
    const name = key?.toString('latin1') ?? ''
    if (!this.#first.has(name)) this.#first.set(name, { offset, atMs: timestampMs })
  }

  /** @returns false if the token has been used before, at any instance. */
  async take(tokenId: string, subject: string, nowMs: number): Promise<boolean> {
    this.#forget(nowMs)
    const key = `token:${digest(tokenId)}`
    if (this.#first.has(key)) return false
    const offset = await this.#append(key, { at: nowMs, subject })
    return this.#first.get(key)?.offset === offset
  }

  /** Ends a session: no instance accepts a copy of its cookie any more. */
  async end(session: Pick<Session, 'csrfToken'>, subject: string, nowMs: number): Promise<void> {
    await this.#append(sessionKey(session), { at: nowMs, subject })
  }

  #forget(nowMs: number): void {
    for (const [known, { atMs }] of this.#first) {
      if (atMs > nowMs - keptMs) break
      this.#first.delete(known)
    }
  }

  hasEnded(session: Pick<Session, 'csrfToken'>): boolean {
    return this.#first.has(sessionKey(session))
  }
}

/** Key of a session: a hash of its token, so that the topic holds no tokens. */
function sessionKey({ csrfToken }: Pick<Session, 'csrfToken'>): string {
  return `session:${digest(csrfToken)}`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
