import type { AttemptSummary, DeadLetter } from './delivery.ts'

/** Dead letters that say the same, the fullest first: the next one is for when Kafka refuses that one as too large. */
export type LettersBySize = [DeadLetter, ...DeadLetter[]]

/** Characters of the smallest letter's detail, which may quote what was refused. */
const maxDetailLength = 1_000
/** Attempts in the smallest letter, the latest: no retry profile has more. */
const maxAttempts = 20

/**
 * The letter, then without what receivers answered, then without any bytes: the record itself stays where source says for as
 * long as its topic keeps it. The last one has a few KB at most.
 */
export function lettersBySize(letter: DeadLetter): LettersBySize {
  const attempts = withoutExcerpts(letter.attempts)
  const plain = { ...letter, attempts }
  const hasExcerpts = letter.attempts.some(({ responseExcerpt }) => responseExcerpt !== null)
  return hasExcerpts ? [letter, plain, withoutBytes(plain)] : [letter, withoutBytes(plain)]
}

/** What a receiver has answered is of all facts of an attempt the one that is missed least. */
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
