import { randomBytes } from 'node:crypto'
import type { ReplayStarted } from '../domain/api/traffic.ts'
import type { Attempt, Delivery, PendingDelivery } from '../domain/delivery.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { HttpProblem } from '../platform/problem.ts'
import type { Answer, Call } from './api.ts'
import type { AuditEntry } from './audit-entry.ts'
import { requireOn, requireOwn } from './own-webhook.ts'
import { accepted } from './refusals.ts'
import { newReplayId, progressOf, startOfReplay } from './replay-progress.ts'
import { readReplayRequest } from './replay-request.ts'
import { findSelected, TooMany } from './replay-search.ts'
import type { ReplayTopics } from './replay-topics.ts'
import type { AccountStore, WebhookStore } from './stores.ts'

export type ReplayDeps = {
  store: Pick<WebhookStore, 'get'>
  accounts: Pick<AccountStore, 'get'>
  topics: ReplayTopics
  /** Resolves when Kafka has the entry. */
  audit: (entry: AuditEntry) => Promise<unknown>
  clock: Clock
  log: Logger
}

/** Records may carry the clock of another machine: their times are looked for from so much earlier on. */
const clockSkewMs = 60_000

/** Sends notifications again, by way of webhook-replays. */
export class ReplayActions {
  readonly #deps: ReplayDeps

  constructor(deps: ReplayDeps) {
    this.#deps = deps
  }

  async start({ businessId, id, body, identity }: Call): Promise<Answer> {
    const { store, accounts, topics, audit, clock, log } = this.#deps
    const { definition } = requireOwn(store, { businessId, id })
    requireOn(accounts, definition)
    const { selection, ratePerSecond } = accepted(readReplayRequest(body, clock.nowMs()))
    const found = await findSelected(topics, id, selection).catch(toProblem)
    const deliveries = found.filter((delivery) => delivery.businessId === businessId)
    if (selection.kind === 'one' && deliveries.length === 0)
      throw new HttpProblem(404, 'Not Found', 'this webhook has no such notification, or not any more')
    const startMs = clock.nowMs()
    const replayId = newReplayId(startMs, randomBytes(8).toString('hex'))
    const spacingMs = 1_000 / ratePerSecond
    const pending = deliveries.map((delivery, index) => toSend(delivery, replayId, startMs + index * spacingMs))
    const count = pending.length
    const { name, version } = definition
    // First: what is sent again has an entry, also when this process is killed in between.
    await audit({
      id: `replay/${replayId}`,
      at: startMs,
      businessId,
      subject: identity.subject,
      action: 'replay.start',
      webhookId: id,
      webhookName: name,
      version,
      changes: [{ field: 'notifications', from: null, to: String(count) }],
    })
    await topics.write(pending)
    log.info({ businessId, webhookId: id, replayId, count, subject: identity.subject }, 'replay started')
    const path = `/api/v1/businesses/${encodeURIComponent(businessId)}/webhooks/${encodeURIComponent(id)}`
    const started: ReplayStarted = { replayId, count }
    return { status: 202, body: started, headers: { location: `${path}/replay/${replayId}` } }
  }

  async progress({ businessId, id, replayId }: Call): Promise<Answer> {
    const { store, topics } = this.#deps
    requireOwn(store, { businessId, id })
    const startedAtMs = startOfReplay(replayId)
    const pending: PendingDelivery[] = []
    const attempts: Attempt[] = []
    if (startedAtMs !== null) {
      const sinceMs = startedAtMs - clockSkewMs
      await topics.replays(id, sinceMs, (record) => {
        if (record.replayId === replayId && record.delivery.businessId === businessId) pending.push(record)
      })
      await topics.attempts(id, sinceMs, (attempt) => {
        if (attempt.replayId === replayId) attempts.push(attempt)
      })
    }
    if (startedAtMs === null || pending.length === 0)
      throw new HttpProblem(404, 'Not Found', 'this webhook has no such replay, or not any more')
    return { status: 200, body: progressOf(replayId, startedAtMs, pending, attempts) }
  }
}

function toSend(delivery: Delivery, replayId: string, dueAtMs: number): PendingDelivery {
  return { delivery, attempts: [], dueAt: Math.round(dueAtMs), why: 'replay', replayId, parkedSince: null }
}

function toProblem(error: unknown): never {
  if (!(error instanceof TooMany)) throw error
  const detail = `${error.message}: replay them in parts, by since and until`
  throw new HttpProblem(422, 'Unprocessable Content', detail)
}
