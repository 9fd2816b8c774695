import { type ReplayEntry, replayKinds } from '../../domain/api/replays.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { type AttemptOutcome, attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { hourMs } from '../../domain/stats/stats.ts'
import { type AuditEntry, readValue } from '../audit/audit-entry.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import type { WebhookParams } from '../http/shapes.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import { requireOwn } from '../webhooks/own-webhook.ts'
import type { ReplayDeps } from './replay-actions.ts'
import { ProgressFold, startOfReplay } from './replay-progress.ts'
import type { ReplaySelection } from './replay-request.ts'

export type HistoryDeps = Pick<ReplayDeps, 'store' | 'topics' | 'scans' | 'clock' | 'notificationHours'> & {
  auditLog: Pick<AuditLog, 'page'>
}

/** Replays shown at most, and pages of the audit log that are read for them. */
const shownReplays = 20
const mostPages = 10
const pageLength = 200

/**
 * The latest replays of a webhook, newest first: who started them, what they selected, and what has become of it. Those
 * whose records webhook-replays has deleted are left out.
 */
export async function listReplays(
  { store, topics, scans, clock, notificationHours, auditLog }: HistoryDeps,
  { params, ended }: Call<{ params: typeof WebhookParams }>,
): Promise<ApiResponse<200, { replays: ReplayEntry[] }>> {
  const { id, businessId } = requireOwn(store, params).definition
  const oldestMs = clock.nowMs() - notificationHours * hourMs
  const started = await findStarted(auditLog, businessId, id, oldestMs)
  if (started.length === 0) return { status: 200, body: { replays: [] } }
  const folds = new Map(started.map(({ replayId }) => [replayId, new ProgressFold(replayId)]))
  const sinceMs = Math.min(...started.map(({ startedAtMs }) => startedAtMs)) - clockSkewMs
  await scans.run(businessId, ended, async (reader) => {
    const within = topics.within(reader)
    const onReplay = (replay: Parameters<ProgressFold['addReplay']>[0]) => {
      if (replay.delivery.businessId === businessId) folds.get(replay.replayId ?? '')?.addReplay(replay)
    }
    await within.replays(id, sinceMs, onReplay, (replayId) => folds.get(replayId)?.addStop(replayId))
    await within.attempts(id, sinceMs, (attempt) => folds.get(attempt.replayId ?? '')?.addAttempt(attempt))
  })
  const replays = started.map(({ replayId, startedAtMs, entry }) => ({
    ...(folds.get(replayId) ?? new ProgressFold(replayId)).progress(startedAtMs),
    subject: entry.subject,
    selected: readSelected(entry),
  }))
  return { status: 200, body: { replays } }
}

type Started = { replayId: string; startedAtMs: number; entry: AuditEntry }

async function findStarted(
  auditLog: HistoryDeps['auditLog'],
  businessId: string,
  webhookId: string,
  oldestMs: number,
): Promise<Started[]> {
  const found: Started[] = []
  const wanted = { webhookId, sinceMs: oldestMs }
  let before: number | null = null
  for (let page = 0; page < mostPages && found.length < shownReplays; page++) {
    const { entries, nextCursor } = await auditLog.page(businessId, pageLength, before, wanted)
    for (const entry of entries) {
      const replayId = entry.id.replace(/^replay\//, '')
      const startedAtMs = startOfReplay(replayId)
      if (entry.action === 'replay.start' && startedAtMs !== null && startedAtMs >= oldestMs)
        found.push({ replayId, startedAtMs, entry })
    }
    if (nextCursor === undefined) break
    before = Number(nextCursor)
  }
  return found.slice(0, shownReplays)
}

/** Entry of the audit log for the start or the stop of a replay. @param about what it selects (auditSelection). */
export function toAuditEntry(
  { id, businessId, name, version }: WebhookDefinition,
  step: 'start' | 'stop',
  replayId: string,
  at: number,
  count: number,
  subject: string,
  about: AuditEntry['changes'] = [],
): AuditEntry {
  const changes = [{ field: 'notifications', from: null, to: String(count) }, ...about]
  const webhook = { webhookId: id, webhookName: name, version }
  const entryId = step === 'start' ? `replay/${replayId}` : `replay/${replayId}/stop`
  return { id: entryId, at, businessId, subject, action: `replay.${step}`, ...webhook, changes }
}

/** Selection of a replay, for the audit log. Of a contact, whose id may be a phone number, only that it was one. */
export function auditSelection(selection: ReplaySelection, ratePerSecond: number): AuditEntry['changes'] {
  const time = (timeMs: number) => (timeMs > 0 && Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : null)
  const { since = null, until = null } =
    selection.kind === 'one' ? {} : { since: time(selection.sinceMs), until: time(selection.untilMs) }
  const outcomes = selection.kind === 'window' ? selection.outcomes : null
  const isOfContact = 'contactId' in selection && selection.contactId !== null
  const isChosen = selection.kind === 'deadLetters' && selection.deliveryIds !== null
  const fields = {
    selection: isChosen ? 'chosen' : selection.kind,
    since,
    until,
    outcomes,
    ofContact: isOfContact || null,
    ratePerSecond,
  }
  return Object.entries(fields).flatMap(([field, value]) =>
    value === null ? [] : [{ field, from: null, to: JSON.stringify(value) }],
  )
}

/** Entries of earlier versions say nothing of the selection. */
function readSelected({ changes }: AuditEntry): ReplayEntry['selected'] {
  const values = new Map(changes.map(({ field, to }) => [field, readValue(to)]))
  const kind = replayKinds.find((one) => one === values.get('selection'))
  const text = (field: string) => {
    const value = values.get(field)
    return typeof value === 'string' ? value : null
  }
  const rate = values.get('ratePerSecond')
  return {
    kind: kind ?? null,
    since: text('since'),
    until: text('until'),
    outcomes: readOutcomes(values.get('outcomes')),
    ofContact: values.get('ofContact') === true,
    ratePerSecond: typeof rate === 'number' ? rate : null,
  }
}

function readOutcomes(value: unknown): AttemptOutcome[] | null {
  return Array.isArray(value) ? attemptOutcomes.filter((outcome) => value.includes(outcome)) : null
}
