import type { AttemptError } from '../../domain/stats/stats.ts'
import type { CountedAttempt } from './attempts.ts'
import { cutToBytes, maxIdBytes } from './short-texts.ts'

const keptErrors = 50
/** Maximum length of the excerpt that the dispatcher keeps of a response (schemas/webhook-attempts.avsc). */
const excerptLength = 512

/**
 * Keeps a failed attempt, in place. Rejections by the breaker follow from failures in the list and would displace them.
 * A rejected address is reported nowhere else.
 */
export function keepError(errors: AttemptError[], attempt: CountedAttempt): void {
  const { outcome, cause, responseExcerpt, startedAt: at, deliveryId, status, latencyMs, kind, contactId } = attempt
  if (outcome !== 'error' && !(outcome === 'rejected' && cause === 'address')) return
  const given = responseExcerpt?.slice(0, excerptLength).toWellFormed() ?? null
  // A failing receiver mostly repeats the same response, so one copy is kept in memory.
  const before = errors.at(-1)?.excerpt
  const excerpt = given === before ? before : given
  errors.push({
    at,
    deliveryId: cutToBytes(deliveryId, maxIdBytes),
    attempt: attempt.attempt,
    cause: cutToBytes(cause ?? 'other', maxIdBytes),
    status,
    latencyMs,
    excerpt,
    kind,
    contactId: cutToBytes(contactId, maxIdBytes),
  })
  if (errors.length > keptErrors) errors.shift()
}
