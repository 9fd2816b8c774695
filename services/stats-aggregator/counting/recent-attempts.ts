import type { CountedAttempt } from './attempts.ts'

/**
 * Number of attempts remembered per webhook. A duplicate follows closely: the producer repeats a batch whose
 * acknowledgement was lost, and has one batch in flight at a time.
 */
const keptAttempts = 128

/**
 * Remembers an attempt, in place. The state carries them, so that a restart forgets none.
 * @param recent fingerprints, oldest first.
 * @returns false when it was already counted: the same try of the same delivery, started in the same millisecond.
 */
export function noteAttempt(recent: number[], attempt: CountedAttempt): boolean {
  const { deliveryId, replayId, startedAt } = attempt
  return note(recent, `${deliveryId}\n${replayId ?? ''}\n${attempt.attempt}\n${startedAt}`, keptAttempts)
}

/**
 * Remembers a text by its fingerprint, in place.
 * @param recent fingerprints, oldest first.
 * @returns false when it is among the last `keep` noted.
 */
export function note(recent: number[], text: string, keep: number): boolean {
  const fingerprint = hashText(text)
  if (recent.includes(fingerprint)) return false
  recent.push(fingerprint)
  if (recent.length > keep) recent.shift()
  return true
}

/** Fingerprint of 52 bits from two multiplicative hashes, which Avro's long and JavaScript's numbers hold exactly. */
function hashText(text: string): number {
  let high = 0x811c9dc5
  let low = 0x01000193
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 0x01000193)
    low = Math.imul(low ^ unit, 0x85ebca6b)
    low ^= low >>> 13
  }
  return ((high >>> 0) & 0xfffff) * 2 ** 32 + (low >>> 0)
}
