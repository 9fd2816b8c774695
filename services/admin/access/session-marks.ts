import { createHash } from 'node:crypto'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { Session } from './sessions.ts'

/** A record of webhook-sessions, as schemas/webhook-sessions.avsc describes it. */
export type SessionMark = { at: number; subject: string }

/** @returns the offset, once the record has come back to onRecord. */
export type AppendMark = (key: string, mark: SessionMark) => Promise<number>

/** Of any session (config.ts), and an hour for clocks that differ: older marks mean nothing. */
const keptMs = 25 * 3_600_000

/**
 * Login tokens that were used and sessions that have ended, as a fold over webhook-sessions: for all instances alike. Of
 * those who take one token, the first in the log has it.
 */
export class SessionMarks {
  /** Key -> where it stands first. In the order of the log, so the oldest come first. */
  readonly #first = new Map<string, { offset: number; atMs: number }>()
  readonly #append: AppendMark

  constructor(append: AppendMark) {
    this.#append = append
  }

  /** Each record, in its order. */
  onRecord({ key, offset, timestampMs }: Pick<ConsumedRecord, 'key' | 'offset' | 'timestampMs'>): void {
    const name = key?.toString('latin1') ?? ''
    if (!this.#first.has(name)) this.#first.set(name, { offset, atMs: timestampMs })
  }

  /** @returns false when the token has been used before, wherever that was. */
  async take(tokenId: string, subject: string, nowMs: number): Promise<boolean> {
    this.#forget(nowMs)
    const key = `token:${digest(tokenId)}`
    if (this.#first.has(key)) return false
    const offset = await this.#append(key, { at: nowMs, subject })
    return this.#first.get(key)?.offset === offset
  }

  /** Ends a session: every copy of its cookie, at every instance. */
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

/** Each session has a token of its own against other sites; the topic holds none of these. */
function sessionKey({ csrfToken }: Pick<Session, 'csrfToken'>): string {
  return `session:${digest(csrfToken)}`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
