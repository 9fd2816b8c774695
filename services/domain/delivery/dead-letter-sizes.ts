import type { AttemptSummary, DeadLetter } from './delivery.ts'

/** Dead letters with the same meaning, largest first. The next one is used when Kafka refuses the one before as too large. */
export type LettersBySize = [DeadLetter, ...DeadLetter[]]

/** Maximum characters of the smallest letter's detail, which may quote the refused record. */
const maxDetailLength = 1_000
/** Maximum attempts in the smallest letter, the latest ones; no retry profile has more. */
const maxAttempts = 20

/**
 * The letter, then without response excerpts, then without any bytes. The record itself stays at its source as long as
 * the topic retains it. The last letter has a few KB at most.
 */
export function lettersBySize(letter: DeadLetter): LettersBySize {
  const attempts = withoutExcerpts(letter.attempts)
  const plain = { ...letter, attempts }
  const hasExcerpts = letter.attempts.some(({ responseExcerpt }) => responseExcerpt !== null)
  return hasExcerpts ? [letter, plain, withoutBytes(plain)] : [letter, withoutBytes(plain)]
}

/** Drops the response excerpts, the facts of an attempt that are missed least. */
export function withoutExcerpts(attempts: readonly AttemptSummary[]): AttemptSummary[] {
  return attempts.map((attempt) => ({ ...attempt, responseExcerpt: null }))
}

export function withoutBytes(letter: DeadLetter): DeadLetter {
  const { delivery, detail, attempts, source } = letter
  const whose = delivery ? `${delivery.deliveryId} ` : ''
  const why = detail === null ? '' : `${detail.slice(0, maxDetailLength)} `
  return {
    ...letter,
    detail: `${why}(${whose}too large to be kept here)`,
    delivery: null,
    attempts: attempts.slice(-maxAttempts),
    source: { ...source, key: null, value: null },
  }
}
