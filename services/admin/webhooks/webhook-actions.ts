import { newSigningKey } from '../../config-topics/signing-keys.ts'
import type { ListedWebhook, Webhook, WebhookList, WebhookWithSecret } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import { maxFormerSecrets } from '../../domain/definition/secrets/former-secrets.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import type { WebhookStore } from '../definition-writes/stores.ts'
import type { WriteQueue } from '../definition-writes/write-queue.ts'
import { accepted } from '../http/refusals.ts'
import type { ApiResponse, Call } from '../http/route.ts'
import {
  type BusinessParams,
  defaultLimit,
  type ListQuery,
  type MoveQuery,
  type WebhookParams,
} from '../http/shapes.ts'
import type { AdminMetrics } from '../metrics.ts'
import { ownRecord } from '../status/monitoring.ts'
import type { WebhookStatuses } from '../status/webhook-status.ts'
import { decideCreate, decidePatch, decideVersion, entityTag, toDraft } from './decisions.ts'
import { changed, created, nextRotationMs, rotated } from './next-definition.ts'
import { findOwn } from './own-webhook.ts'
import { cutPage } from './pagination.ts'
import { conflict } from './refusal.ts'
import { type FindOwner, takeChannels } from './rules/channel-rules.ts'
import { newSecret, newWebhookId, withSigningKey } from './secrets.ts'
import { toView } from './view.ts'

export type WebhookDeps = {
  store: WebhookStore
  statuses: Pick<WebhookStatuses, 'of' | 'inList'>
  queue: WriteQueue
  keys: KeyRing
  policy: UrlPolicy
  clock: Clock
  log: Logger
  metrics: AdminMetrics
}

/** Maximum webhooks of a business; every service holds all of them in memory. */
const maxWebhooks = 1_000
/** Maximum records without a definition in force that one list reports. */
const maxFaults = 100

type Kind = 'create' | 'update' | 'delete' | 'rotate' | 'pause' | 'resume'
type Creating = Call<{ params: typeof BusinessParams; querystring: typeof MoveQuery }>
type Changing = Call<{ params: typeof WebhookParams; querystring: typeof MoveQuery }>
type OfWebhook = Call<{ params: typeof WebhookParams }>
type Listing = Call<{ params: typeof BusinessParams; querystring: typeof ListQuery }>

/** Actions of the webhook routes: read the table, decide, write, answer. @throws HttpProblem for each refusal. */
export class WebhookActions {
  readonly #deps: WebhookDeps

  constructor(deps: WebhookDeps) {
    this.#deps = deps
  }

  async list({ params: { businessId }, query }: Listing): Promise<ApiResponse<200, WebhookList>> {
    const definitions = [...this.#deps.store.entries()]
      .map(({ definition }) => definition)
      .filter((definition) => definition.businessId === businessId)
    const { definitions: shown, ...rest } = cutPage(definitions, query.limit ?? defaultLimit, query.cursor)
    const faults = this.#listFaults(businessId)
    const webhooks = shown.map((definition) => this.#listed(definition))
    return { status: 200, body: { webhooks, ...rest, ...(faults.length > 0 && { faults }) } }
  }

  /** Faulty records of webhooks without a definition in force, which appear nowhere else. */
  #listFaults(businessId: string): { id: string; problems: string[] }[] {
    const { store } = this.#deps
    const found: { id: string; problems: string[] }[] = []
    for (const [id, fault] of store.faults()) {
      if (fault.businessId !== businessId || findOwn(store, { businessId, id })) continue
      found.push({ id: id.slice(0, 100), problems: fault.problems })
      if (found.length === maxFaults) break
    }
    return found
  }

  async get({ params: { businessId, id } }: OfWebhook): Promise<ApiResponse<200, Webhook>> {
    const entry = this.#find(businessId, id)
    const fault = this.#deps.store.fault(id)
    if (!entry && fault?.businessId === businessId) {
      const detail = `its record in webhook-config is not in force: ${fault.problems.join('; ')}`
      throw new HttpProblem(404, 'Not Found', detail, { fault: { problems: fault.problems } })
    }
    return this.#answer(200, accepted(decideVersion(entry, undefined, 'optional')), {})
  }

  async create(call: Creating): Promise<ApiResponse<201, WebhookWithSecret>> {
    const { store, keys, policy, clock } = this.#deps
    const { businessId } = call.params
    const moved = new Set(call.query.moveChannels)
    return this.#inTurn(businessId, async () => {
      const draft = accepted(decideCreate(call.body, this.#ownerFinder(businessId, moved), policy))
      this.#requireRoom(businessId)
      const secret = newSecret()
      const definition = this.#signing(created({ id: newWebhookId(), businessId }, draft, secret, clock.nowMs(), keys))
      await store.put(definition, call.identity.subject)
      this.#note('create', call, definition)
      await this.#take(call, definition, moved)
      const location = `/api/v1/businesses/${encodeURIComponent(businessId)}/webhooks/${definition.id}`
      return this.#answer(201, definition, { secret }, { location })
    })
  }

  async patch(call: Changing): Promise<ApiResponse<200, Webhook>> {
    const { store, keys, policy, clock } = this.#deps
    const { businessId, id } = call.params
    const moved = new Set(call.query.moveChannels)
    return this.#inTurn(businessId, async () => {
      const current = accepted(decideVersion(this.#find(businessId, id), call.ifMatch, 'required'))
      const draft = accepted(decidePatch(current, call.body, this.#ownerFinder(businessId, moved), policy))
      const definition = this.#signing(changed(current, draft, clock.nowMs(), keys))
      await store.put(definition, call.identity.subject)
      this.#note('update', call, definition)
      await this.#take(call, definition, moved)
      return this.#answer(200, definition, {})
    })
  }

  async remove(call: OfWebhook): Promise<ApiResponse<204>> {
    const { businessId, id } = call.params
    return this.#inTurn(businessId, async () => {
      const current = accepted(decideVersion(this.#find(businessId, id), call.ifMatch, 'required'))
      await this.#deps.store.remove(id, call.identity.subject)
      this.#note('delete', call, current)
      return { status: 204 } as const
    })
  }

  /** Pauses or resumes a webhook; writes nothing if it already is. */
  async setPaused(call: OfWebhook, paused: boolean): Promise<ApiResponse<200, Webhook>> {
    const { store, keys, clock } = this.#deps
    const { businessId, id } = call.params
    return this.#inTurn(businessId, async () => {
      const current = accepted(decideVersion(this.#find(businessId, id), call.ifMatch, 'optional'))
      if (current.paused === paused) return this.#answer(200, current, {})
      const definition = changed(current, { ...toDraft(current), paused }, clock.nowMs(), keys)
      await store.put(definition, call.identity.subject)
      this.#note(paused ? 'pause' : 'resume', call, definition)
      return this.#answer(200, definition, {})
    })
  }

  async rotateSecret(call: OfWebhook): Promise<ApiResponse<200, WebhookWithSecret>> {
    const { store, keys, clock } = this.#deps
    const { businessId, id } = call.params
    return this.#inTurn(businessId, async () => {
      const current = accepted(decideVersion(this.#find(businessId, id), call.ifMatch, 'optional'))
      requireRotatable(current, clock.nowMs())
      const secret = newSecret()
      const definition = this.#signing(rotated(current, secret, clock.nowMs(), keys))
      await store.put(definition, call.identity.subject)
      this.#note('rotate', call, definition)
      return this.#answer(200, definition, { secret })
    })
  }

  /** Decides on the newest records in Kafka, because another instance's change may not have reached this table yet. */
  #inTurn<T>(businessId: string, work: () => Promise<T>): Promise<T> {
    const { store, queue } = this.#deps
    return queue.run(businessId, async () => {
      await store.caughtUp()
      return work()
    })
  }

  #signing(definition: WebhookDefinition): WebhookDefinition {
    return withSigningKey(definition, newSigningKey, this.#deps.keys)
  }

  #find(businessId: string, id: string): Entry | undefined {
    return findOwn(this.#deps.store, { businessId, id })
  }

  /** @throws HttpProblem 409 */
  #requireRoom(businessId: string): void {
    let count = 0
    for (const { definition } of this.#deps.store.entries()) if (definition.businessId === businessId) count++
    if (count < maxWebhooks) return
    const detail = `the business has ${count} webhooks, and ${maxWebhooks} are allowed: delete one that is not needed`
    throw conflict('too-many-webhooks', detail)
  }

  /** @param moved channels that may be taken from their owner. */
  #ownerFinder(businessId: string, moved: ReadonlySet<string>): FindOwner {
    return (channel) => (moved.has(channel) ? undefined : this.#deps.store.findOwner(businessId, channel)?.definition)
  }

  /** Takes those of the channels that the definition has from other webhooks. */
  async #take(call: Pick<Call, 'identity'>, taker: WebhookDefinition, moved: ReadonlySet<string>): Promise<void> {
    const { store, clock, keys } = this.#deps
    const taken = new Set(taker.channels.filter((channel) => moved.has(channel)))
    if (taken.size === 0) return
    const without = (definition: WebhookDefinition, channels: string[]) =>
      changed(definition, { ...toDraft(definition), channels }, clock.nowMs(), keys)
    const onMoved = (definition: WebhookDefinition) => this.#note('update', call, definition)
    await takeChannels(store, taker, taken, call.identity.subject, without, onMoved)
  }

  #view(definition: WebhookDefinition): Omit<Webhook, 'status'> {
    const { store, clock } = this.#deps
    const fault = ownRecord(store.fault(definition.id), definition)
    return toView(definition, store.findConflicts(definition.id), fault, clock.nowMs())
  }

  #listed(definition: WebhookDefinition): ListedWebhook {
    return { ...this.#view(definition), ...this.#deps.statuses.inList(definition) }
  }

  #answer<Status extends number, Extra extends object>(
    status: Status,
    definition: WebhookDefinition,
    extra: Extra,
    headers: Record<string, string> = {},
  ): { status: Status; body: Webhook & Extra; headers: Record<string, string> } {
    // The written definition is in force, unless it has been changed since; then the answer has no tag.
    const entry = this.#find(definition.businessId, definition.id)
    const etag = entry?.definition.updatedAt === definition.updatedAt ? { etag: entityTag(entry) } : {}
    const { status: webhookStatus } = this.#deps.statuses.of(definition)
    return {
      status,
      body: { ...this.#view(definition), status: webhookStatus, ...extra },
      headers: { ...etag, ...headers },
    }
  }

  #note(kind: Kind, { identity }: Pick<Call, 'identity'>, { businessId, id, version }: WebhookDefinition): void {
    this.#deps.metrics.writes.inc({ kind })
    this.#deps.log.info({ kind, businessId, webhookId: id, version, subject: identity.subject }, 'webhook changed')
  }
}

/** @throws HttpProblem 429 while the maximum of former secrets still sign. */
function requireRotatable(current: WebhookDefinition, nowMs: number): void {
  const nextMs = nextRotationMs(current, nowMs)
  if (nextMs === null) return
  const detail = `${maxFormerSecrets} former secrets still sign; the next rotation is possible at ${new Date(nextMs).toISOString()}`
  const retryAfter = { 'retry-after': String(Math.ceil((nextMs - nowMs) / 1_000)) }
  throw new HttpProblem(429, 'Too Many Requests', detail, {}, retryAfter)
}
