import type { AttemptOutcome, ReplayBody } from '../../../api/types.ts'

export type ReplayKind = 'since' | 'deadLetters' | 'skipped'

/** Values of the dialog. Times are ISO 8601; null for none. An empty contactId is none. */
export type ReplayChoice = {
  since: string | null
  until: string | null
  wanted: AttemptOutcome[]
  contactId: string
  /** webhook-ids of undelivered notifications. */
  chosen?: string[] | undefined
  ratePerSecond: number
}

/** The request of a replay; null while the choice is incomplete. */
export function toReplayBody(kind: ReplayKind, choice: ReplayChoice): ReplayBody | null {
  const { since, until, wanted, contactId, chosen, ratePerSecond } = choice
  const period = { ...(since !== null && { since }), ...(until !== null && { until }), ratePerSecond }
  const narrowed = { ...period, ...(contactId !== '' && { contactId }) }
  switch (kind) {
    case 'deadLetters':
      return { deadLetters: true, ...narrowed, ...(chosen && { deliveryIds: chosen }) }
    case 'skipped':
      return since === null ? null : { skipped: true, ...period }
    case 'since':
      return since === null || wanted.length === 0 ? null : { outcomes: wanted, ...narrowed }
  }
}

/** Whether the receiver gets notifications again that it has accepted. */
export function isSecondTime(wanted: readonly AttemptOutcome[]): boolean {
  return wanted.includes('success') || wanted.includes('slow')
}
