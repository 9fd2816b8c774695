import { randomBytes } from 'node:crypto'
import type { RefusalCode } from '../../domain/api/refusals.ts'
import type { ReplayCounted, ReplayProgress, ReplayStarted } from '../../domain/api/replays.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import type { ReplayParams, WebhookParams } from '../http/shapes.ts'
import type { ReadPool } from '../records/read-pool.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import { requireOn, requireOwn } from '../webhooks/own-webhook.ts'
import { conflict } from '../webhooks/refusal.ts'
import { auditSelection, toAuditEntry } from './replay-history.ts'
import { newReplayId, ProgressFold, startOfReplay } from './replay-progress.ts'
import { type ReplaySelection, readReplayRequest } from './replay-request.ts'
import { TooMany } from './replay-status.ts'
import type { ReplayScans, ReplayTopics } from './replay-topics.ts'
import { type FoundToReplay, findSelected } from './selection/replay-search.ts'
import type { SelectedDelivery } from './selection/replay-selected.ts'
import { chunksOfSkipped, findSkipped } from './selection/skipped-search.ts'

export type ReplayDeps = {
  store: Pick<WebhookStore, 'get' | 'findOwner'>
  accounts: Pick<AccountStore, 'get'>
  topics: Pick<ReplayTopics, 'within' | 'write' | 'writeOrder'>
  /** Pool for reads of large parts of a topic. */
  scans: Pick<ReadPool, 'run'>
  /** Resolves once Kafka has the entry. @throws HttpProblem 503. */
  audit: (entry: AuditEntry) => Promise<unknown>
  clock: Clock
  log: Logger
  /** HOOKLINE_NOTIFICATION_RETENTION_HOURS: what a back-fill must be able to find. */
  notificationHours: number
  /** Aborted when the process stops, which breaks off replays that are being written. */
  stopping: AbortSignal
}

/** A replay whose notifications this process is writing to webhook-replays. */
type Preparing = { replayId: string; count: number; stop: AbortController }

/** Longest time that an answer waits for the whole replay to be written. */
const patienceMs = 5_000

type OfReplay = Call<{ params: typeof ReplayParams }>

/** Sends notifications again, through webhook-replays. */
export class ReplayActions {
  readonly #deps: ReplayDeps
  /** By business and webhook (toKey); null while its first pass is under way. */
  readonly #preparing = new Map<string, Preparing | null>()

  constructor(deps: ReplayDeps) {
    this.#deps = deps
  }

  async start(
    call: Call<{ params: typeof WebhookParams }>,
  ): Promise<ApiResponse<200, ReplayCounted> | ApiResponse<202, ReplayStarted>> {
    const { params, body, identity, ended } = call
    const { businessId, id } = params
    const { store, accounts, topics, scans, clock, log, notificationHours } = this.#deps
    const entry = requireOwn(store, params)
    const { definition } = entry
    const { selection, ratePerSecond, dryRun } = readReplayRequest(body, clock.nowMs(), notificationHours)
    if (!dryRun) requireOn(accounts, definition)
    const key = toKey(businessId, id)
    this.#requireNone(key)
    if (!dryRun) this.#preparing.set(key, null)
    try {
      const place = { businessId, webhookId: id }
      const found = await scans
        .run(businessId, ended, (reader) => this.#search(topics.within(reader), entry, selection))
        .catch(toProblem)
      if (!found) throw new HttpProblem(404, 'Not Found', 'this webhook has no such notification, or not any more')
      const { count, contacts } = found
      if (dryRun) {
        found[Symbol.dispose]()
        return { status: 200, body: { count, contacts, seconds: Math.ceil(count / ratePerSecond) } }
      }
      const startMs = clock.nowMs()
      const replayId = newReplayId(startMs, randomBytes(8).toString('hex'))
      // The audit entry comes first, so that a replay has one even if this process is killed in between.
      const { subject } = identity
      const about = auditSelection(selection, ratePerSecond)
      await this.#deps.audit(toAuditEntry(definition, 'start', replayId, startMs, count, subject, about))
      log.info({ businessId, webhookId: id, replayId, count, subject }, 'replay started')
      const stop = new AbortController()
      this.#preparing.set(key, { replayId, count, stop })
      const written = this.#write(place, found, replayId, startMs, ratePerSecond, stop.signal)
      const broken = await Promise.race([written, clock.sleep(patienceMs)])
      if (broken) throw new HttpProblem(503, 'Service Unavailable', `the replay was broken off: ${broken.message}`)
      const path = `/api/v1/businesses/${encodeURIComponent(businessId)}/webhooks/${encodeURIComponent(id)}`
      return { status: 202, body: { replayId, count }, headers: { location: `${path}/replay/${replayId}` } }
    } finally {
      if (this.#preparing.get(key) === null) this.#preparing.delete(key)
    }
  }

  async progress(call: OfReplay): Promise<ApiResponse<200, ReplayProgress>> {
    requireOwn(this.#deps.store, call.params)
    const { fold, startedAtMs, known } = await this.#find(call)
    return { status: 200, body: fold.progress(startedAtMs, known) }
  }

  /** Stops a replay, also one that this process is still writing. The dispatcher sends nothing more of it. */
  async stop(call: OfReplay): Promise<ApiResponse<204>> {
    const { params, identity, ended } = call
    const { id, replayId } = params
    const { store, topics, scans, clock, log, audit } = this.#deps
    const { definition } = requireOwn(store, params)
    const { fold } = await this.#find(call)
    if (fold.stopped) return { status: 204 }
    await audit(toAuditEntry(definition, 'stop', replayId, clock.nowMs(), fold.count, identity.subject))
    log.info(
      { businessId: definition.businessId, webhookId: id, replayId, subject: identity.subject },
      'replay stopped',
    )
    const preparing = this.#preparing.get(toKey(params.businessId, id))
    if (preparing?.replayId === replayId) preparing.stop.abort(new Error('it was stopped'))
    await scans.run(params.businessId, ended, (reader) => topics.writeOrder(reader, id, { kind: 'stop', replayId }))
    return { status: 204 }
  }

  /** @throws HttpProblem 404 */
  async #find({ params: { businessId, id, replayId }, ended }: OfReplay) {
    const { topics, scans } = this.#deps
    const startedAtMs = startOfReplay(replayId)
    const preparing = this.#preparing.get(toKey(businessId, id))
    const known = preparing?.replayId === replayId ? preparing.count : 0
    const fold = new ProgressFold(replayId)
    if (startedAtMs !== null)
      await scans
        .run(businessId, ended, (reader) => fold.read(topics.within(reader), businessId, id, startedAtMs - clockSkewMs))
        .catch(toProblem)
    if (startedAtMs === null || (fold.count === 0 && known === 0))
      throw new HttpProblem(404, 'Not Found', 'this webhook has no such replay, or not any more')
    return { fold, startedAtMs, known }
  }

  /** First pass: finds what the selection means. @returns null if it names one that does not exist. @throws TooMany */
  async #search(scans: ReplayScans, entry: Entry, selection: ReplaySelection): Promise<FoundToReplay | null> {
    const { id, businessId } = entry.definition
    if (selection.kind !== 'skipped') return findSelected(scans, { businessId, webhookId: id }, selection)
    const nowMs = this.#deps.clock.nowMs()
    const owns = (channel: string) => this.#deps.store.findOwner(businessId, channel)?.definition.id === id
    const selected = await findSkipped(scans, entry, owns, selection, nowMs)
    return {
      count: selected.size,
      contacts: selected.contacts,
      chunks: (later) => chunksOfSkipped(selected, later, entry, nowMs),
      [Symbol.dispose]: () => selected[Symbol.dispose](),
    }
  }

  /**
   * Second pass: writes the notifications, a chunk at a time.
   * @returns the error that broke it off, if any. The rest stays where it was and can be replayed again.
   */
  async #write(
    { businessId, webhookId }: { businessId: string; webhookId: string },
    found: FoundToReplay,
    replayId: string,
    startMs: number,
    ratePerSecond: number,
    stopped: AbortSignal,
  ): Promise<Error | undefined> {
    const { topics, scans, log } = this.#deps
    const ended = AbortSignal.any([this.#deps.stopping, stopped])
    let written = 0
    const writeChunk = async (chunk: SelectedDelivery[]) => {
      await topics.write(chunk.map((selected) => toSend(selected, replayId, startMs, ratePerSecond)))
      written += chunk.length
    }
    const writeAll = async (scans: ReplayScans) => {
      for await (const chunk of found.chunks(scans)) {
        ended.throwIfAborted()
        await writeChunk(chunk)
      }
    }
    try {
      await scans.run(businessId, ended, (reader) => writeAll(topics.within(reader)), writingLimitMs)
      found[Symbol.dispose]()
      return undefined
    } catch (err) {
      log.error({ err, businessId, webhookId, replayId, written }, 'replay broken off; the rest stays where it was')
      return err instanceof Error ? err : new Error(String(err))
    } finally {
      this.#preparing.delete(toKey(businessId, webhookId))
    }
  }

  /** Refuses a second replay of a webhook while one is being written. @throws HttpProblem 409 */
  #requireNone(key: string): void {
    if (!this.#preparing.has(key)) return
    const preparing = this.#preparing.get(key)
    const which = preparing ? `replay ${preparing.replayId}` : 'a replay'
    throw conflict('replay-preparing', `${which} of this webhook is being prepared: try again when it is on its way`)
  }
}

/** An id alone does not name a webhook: it can move to another business. */
function toKey(businessId: string, webhookId: string): string {
  return JSON.stringify([businessId, webhookId])
}

/** Time limit for writing a replay; a million notifications of 1 KB take about two minutes. */
const writingLimitMs = 30 * 60_000

export function toSend(
  { delivery, givenUpAt }: SelectedDelivery,
  replayId: string,
  startMs: number,
  ratePerSecond: number,
): PendingDelivery {
  const place = { dueAt: startMs, why: 'replay', replayId, ratePerSecond, parkedSince: null } as const
  return { delivery, attempts: [], ...place, givenUpAt }
}

function toProblem(error: unknown): never {
  if (!(error instanceof TooMany)) throw error
  const detail = `${error.message}; replay them in parts with since and until`
  throw new HttpProblem(422, 'Unprocessable Content', detail, { code: 'too-many-found' satisfies RefusalCode })
}
