import { randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { newSigningKey } from '../../config-topics/signing-keys.ts'
import type { Sample, TestResult } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import type { Attempt, Delivery, NotificationKind, PendingDelivery } from '../../domain/delivery/delivery.ts'
import { shownHeaders } from '../../domain/delivery/request-headers.ts'
import { type SampleName, samplesFor } from '../../domain/event/samples.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { AccountStore, WebhookStore } from '../definition-writes/stores.ts'
import { type ApiResponse, bodyReader, type Call, invalidBody, valid } from '../http/route.ts'
import type { BusinessParams, WebhookParams } from '../http/shapes.ts'
import type { ReadPool } from '../records/read-pool.ts'
import type { ReplayTopics } from '../replay/replay-topics.ts'
import { changed, created } from '../webhooks/next-definition.ts'
import { requireOn, requireOwn } from '../webhooks/own-webhook.ts'
import { conflict, refusal } from '../webhooks/refusal.ts'
import { checkDraft } from '../webhooks/rules/draft-rules.ts'
import { newSecret, withSigningKey } from '../webhooks/secrets.ts'
import { sampleBody } from './sample-body.ts'
import type { SampleCatalogue } from './sample-catalogue.ts'
import { type SampleQuery, TestBody } from './test-shapes.ts'

export type TestDeps = {
  store: Pick<WebhookStore, 'get'>
  accounts: Pick<AccountStore, 'get'>
  topics: Pick<ReplayTopics, 'writeTest' | 'followAttempts'>
  /** Pool for reads of pages. */
  pages: Pick<ReadPool, 'run'>
  /** Resolves once Kafka has the entry. @throws HttpProblem 503. */
  audit: (entry: AuditEntry) => Promise<unknown>
  keys: KeyRing
  policy: UrlPolicy
  samples: SampleCatalogue
  clock: Clock
  log: Logger
}

type InBusiness = Call<{ params: typeof BusinessParams }>
type SampleCall = Call<{ params: typeof BusinessParams; querystring: typeof SampleQuery }>
type Trial = {
  definition: WebhookDefinition
  /** Offset in webhook-config up to which the dispatcher must have read before it sends. */
  offset: number
  wish: Static<typeof TestBody>
  /** Definition as JSON if it is not the stored one. */
  draft: string | null
}

const readBody = bodyReader(TestBody)
/** checkDraft checks the definition. */
const readDraftBody = bodyReader(
  Type.Object(
    { ...TestBody.properties, definition: Type.Unsafe<Record<string, unknown>>({ type: 'object' }) },
    { additionalProperties: false },
  ),
)
/** Channel of a test of a webhook without one. */
const noChannel = 'test-channel'
/** Id of an unsaved webhook during its test. */
const draftId = 'new-webhook'
/** Time for the way to the dispatcher and back, in addition to the webhook's timeoutMs. */
const wayMs = 5_000
const pollMs = 100

/** Sends a sample notification through webhook-tests, and waits for its attempt (contract.md, 1.5). */
export class TestActions {
  readonly #deps: TestDeps
  /** Webhooks with a running test. */
  readonly #running = new Set<string>()

  constructor(deps: TestDeps) {
    this.#deps = deps
  }

  async run(call: Call<{ params: typeof WebhookParams }>): Promise<ApiResponse<200, TestResult>> {
    const { definition, offset } = requireOwn(this.#deps.store, call.params)
    const wish = readBody(call.body ?? {})
    return this.#test(call, { definition, offset, wish, draft: null })
  }

  /** Body of a sample, to be shown or changed before it is sent. */
  async sample({ params, query }: SampleCall): Promise<ApiResponse<200, Sample>> {
    const idPrefix = `test_${randomBytes(4).toString('hex')}-`
    const body = this.#sampleBody(query.event, query, { channels: [], ...params }, idPrefix)
    return { status: 200, body: { notification: JSON.parse(body.toString()) } }
  }

  /** Tests a definition that is not saved; the test's record contains it. */
  async runDraft(call: InBusiness): Promise<ApiResponse<200, TestResult>> {
    const { store, keys, policy, clock } = this.#deps
    const { businessId } = call.params
    const { definition: written, ...wish } = readDraftBody(call.body)
    const { id, ...fields } = written
    const entry = id === undefined ? undefined : requireOwn(store, { businessId, id: String(id) })
    const rules = {
      ...policy,
      stored: entry?.definition ?? null,
      written: new Set(Object.keys(fields)),
    }
    const draft = valid(checkDraft(fields, rules), 'definition.')
    const changes = entry
      ? changed(entry.definition, draft, clock.nowMs(), keys)
      : created({ id: draftId, businessId }, draft, newSecret(), clock.nowMs(), keys)
    const definition = withSigningKey(changes, newSigningKey, keys)
    return this.#test(call, { definition, offset: entry?.offset ?? -1, wish, draft: JSON.stringify(definition) })
  }

  async #test(
    { params: { businessId }, identity, ended }: InBusiness,
    { definition, offset, wish, draft }: Trial,
  ): Promise<ApiResponse<200, TestResult>> {
    const { accounts, log } = this.#deps
    const { id } = definition
    requireOn(accounts, definition)
    const turn = `${id} ${businessId}`
    if (this.#running.has(turn)) throw conflict('test-running')
    this.#running.add(turn)
    try {
      const delivery = this.#delivery(definition, offset, wish)
      // The audit entry comes first, so that a request to an unsaved URL, or with a body of its own, has one even if this
      // process is killed in between.
      const isOwn = wish.notification !== undefined
      if (draft !== null || isOwn) await this.#deps.audit(testEntry(delivery, definition, identity.subject, isOwn))
      const attempt = await this.#send(delivery, definition.timeoutMs + wayMs, draft, ended)
      const { outcome } = attempt ?? { outcome: 'none' }
      log.info({ businessId, webhookId: id, outcome, subject: identity.subject }, 'webhook tested')
      if (!attempt) throw new HttpProblem(504, 'Gateway Timeout', 'the dispatcher has not sent the test in time')
      return { status: 200, body: toTestResult(definition, delivery, attempt) }
    } finally {
      this.#running.delete(turn)
    }
  }

  #delivery(definition: WebhookDefinition, definitionOffset: number, wish: Trial['wish']): Delivery {
    const { id: webhookId, businessId, version, events, channels } = definition
    const testId = `test_${randomBytes(16).toString('hex')}`
    const offered = samplesFor(events)
    const name = wish.event ?? offered[0] ?? 'userMessages'
    if (!offered.includes(name)) throw invalidBody([refusal('event', 'event-not-wanted')])
    const own = wish.notification
    const body = own ? Buffer.from(JSON.stringify(own)) : this.#sampleBody(name, wish, definition, `${testId}-`)
    const { type: kind } = own ?? (JSON.parse(body.toString()) as { type: NotificationKind })
    const chatChannelId = wish.chatChannelId ?? channels[0] ?? noChannel
    const place = { webhookId, businessId, chatChannelId, contactId: 'test-contact' }
    const nowMs = this.#deps.clock.nowMs()
    const made = { createdAt: nowMs, definitionVersion: version, definitionOffset, traceparent: null }
    return { deliveryId: `msg_${testId}`, eventId: testId, kind, body, ...place, ...made }
  }

  #sampleBody(
    name: SampleName,
    { chatChannelId, chatPlatform }: Pick<Trial['wish'], 'chatChannelId' | 'chatPlatform'>,
    { businessId, channels }: Pick<WebhookDefinition, 'businessId' | 'channels'>,
    idPrefix: string,
  ): Buffer {
    const place = { businessId, chatChannelId: chatChannelId ?? channels[0] ?? noChannel, chatPlatform }
    return sampleBody(this.#deps.samples, { name, ...place, idPrefix, nowMs: this.#deps.clock.nowMs() })
  }

  /** @returns null if the attempt is not recorded in time. */
  async #send(delivery: Delivery, limitMs: number, draft: string | null, ended: AbortSignal): Promise<Attempt | null> {
    const { topics, pages, clock } = this.#deps
    const { businessId, webhookId } = delivery
    const endMs = clock.monotonicMs() + limitMs
    const readNew = await pages.run(businessId, ended, (reader) => topics.followAttempts(reader, webhookId))
    const common = { attempts: [], replayId: null, parkedSince: null, definition: draft }
    const pending: PendingDelivery = { delivery, dueAt: delivery.createdAt, why: 'test', ...common }
    await topics.writeTest(pending)
    let found: Attempt | null = null
    while (!found && clock.monotonicMs() < endMs) {
      await clock.sleep(pollMs)
      await pages.run(businessId, ended, (reader) =>
        readNew(reader, (attempt) => {
          if (attempt.deliveryId === delivery.deliveryId) found = attempt
        }),
      )
    }
    return found
  }
}

/**
 * Audit entry for the test of a draft, or with a body that somebody wrote; a saved webhook's URL and changes already have
 * theirs. The body is left out: it may be a real notification.
 */
function testEntry(
  { deliveryId, businessId, webhookId, createdAt }: Delivery,
  { name, version, url }: WebhookDefinition,
  subject: string,
  isOwn: boolean,
): AuditEntry {
  const webhook = { webhookId, webhookName: name, version }
  const body = isOwn ? [{ field: 'notification', from: null, to: JSON.stringify(maskedValue) }] : []
  const changes = [{ field: 'url', from: null, to: JSON.stringify(url) }, ...body]
  return { id: `test/${deliveryId}`, at: createdAt, businessId, subject, action: 'webhook.test', ...webhook, changes }
}

function toTestResult({ url, headers }: WebhookDefinition, delivery: Delivery, attempt: Attempt): TestResult {
  const { outcome, cause, status, latencyMs, responseExcerpt, responseHeaders = null } = attempt
  const isAnswered = status !== null && latencyMs !== null
  return {
    outcome,
    cause,
    request: { method: 'POST', url, headers: shownHeaders(delivery, attempt, headers), body: delivery.body.toString() },
    response: isAnswered ? { status, latencyMs, headers: responseHeaders, excerpt: responseExcerpt } : null,
    // Without an answer, the excerpt says why there is none.
    detail: isAnswered ? null : responseExcerpt,
  }
}
