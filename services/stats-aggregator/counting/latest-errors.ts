import type { AttemptError } from '../../domain/stats/stats.ts'
import type { CountedAttempt } from './attempts.ts'
import { cutToBytes, maxIdBytes } from './short-texts.ts'

export const keptErrors = 50
/** What the dispatcher keeps of an answer (schemas/webhook-attempts.avsc). */
const excerptLength = 512

/**
 * Keeps an attempt that failed, in place. Rejections by the breaker follow from failures that are in the list, and would
 * drive them out; a refused address is told of nowhere else.
 */
export function keepError(errors: AttemptError[], attempt: CountedAttempt): void {
  const { outcome, cause, responseExcerpt, startedAt: at, deliveryId, status, latencyMs, kind, contactId } = attempt
  if (outcome !== 'error' && !(outcome === 'rejected' && cause === 'address')) return
  const given = responseExcerpt?.slice(0, excerptLength).toWellFormed() ?? null
  // A receiver that fails mostly says the same again and again: one copy in memory.
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
