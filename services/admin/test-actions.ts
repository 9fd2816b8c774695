import { randomBytes } from 'node:crypto'
import type { WebhookDefinition } from '../domain/definition.ts'
import type { Attempt, Delivery, NotificationKind, PendingDelivery } from '../domain/delivery.ts'
import type { Clock } from '../platform/clock.ts'
import { compileSchema } from '../platform/json-schema.ts'
import type { Logger } from '../platform/log.ts'
import { HttpProblem } from '../platform/problem.ts'
import type { Answer, Call } from './api.ts'
import { maskHeaders } from './header-rules.ts'
import { accepted } from './refusals.ts'
import type { ReplayTopics } from './replay-topics.ts'
import type { AccountStore, WebhookStore } from './stores.ts'
import { type SampleIds, sampleBody, sampleKind } from './test-sample.ts'

export type TestDeps = {
  store: Pick<WebhookStore, 'get'>
  accounts: Pick<AccountStore, 'get'>
  topics: Pick<ReplayTopics, 'writeTest' | 'followAttempts'>
  clock: Clock
  log: Logger
}

export const testBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { type: 'string', enum: ['message', 'status'], description: 'By default what the webhook wants.' },
  },
}

const checkBody = compileSchema<{ kind?: NotificationKind }>(testBody)
/** For the way to the dispatcher and back, beside the webhook's timeoutMs. */
const wayMs = 5_000
const pollMs = 100

/** Sends a sample notification by way of webhook-tests, and waits for its attempt (contract.md, 1.5). */
export class TestActions {
  readonly #deps: TestDeps
  /** Webhooks with a test under way. */
  readonly #running = new Set<string>()

  constructor(deps: TestDeps) {
    this.#deps = deps
  }

  async run({ businessId, id, body, identity }: Call): Promise<Answer> {
    const { store, accounts, log } = this.#deps
    const entry = store.get(id)
    const { definition, offset } = accepted(
      entry?.definition.businessId === businessId ? { kind: 'accepted', value: entry } : { kind: 'unknown' },
    )
    const checked = checkBody(body ?? {})
    const { kind = sampleKind(definition) } = accepted(
      checked.ok ? { kind: 'accepted', value: checked.value } : { kind: 'invalid', problems: checked.problems },
    )
    if (!accounts.get(businessId)?.webhooksEnabled) throw conflict('webhooks are not activated for this business')
    if (!definition.enabled) throw conflict('the webhook is switched off')
    if (this.#running.has(id)) throw conflict('a test of this webhook is under way')
    this.#running.add(id)
    try {
      const delivery = this.#sample(definition, offset, kind)
      const attempt = await this.#send(delivery, definition.timeoutMs + wayMs)
      const { outcome } = attempt ?? { outcome: 'none' }
      log.info({ businessId, webhookId: id, outcome, subject: identity.subject }, 'webhook tested')
      if (!attempt) throw new HttpProblem(504, 'Gateway Timeout', 'the dispatcher has not sent it in time')
      return { status: 200, body: resultOf(definition, delivery, attempt) }
    } finally {
      this.#running.delete(id)
    }
  }

  #sample(definition: WebhookDefinition, definitionOffset: number, kind: NotificationKind): Delivery {
    const { id: webhookId, businessId, version, events, channels } = definition
    const testId = `test_${randomBytes(16).toString('hex')}`
    const chatChannelId = channels[0] ?? 'test-channel'
    const contactId = 'test-contact'
    const nowMs = this.#deps.clock.nowMs()
    const ids: SampleIds = { chatChannelId, contactId, businessId, messageId: testId }
    const body = sampleBody(kind, events, ids, nowMs)
    const place = { webhookId, businessId, chatChannelId, contactId }
    const made = { createdAt: nowMs, definitionVersion: version, definitionOffset, traceparent: null }
    return { deliveryId: `msg_${testId}`, eventId: testId, kind, body, ...place, ...made }
  }

  /** @returns null when nothing is heard of it in time. */
  async #send(delivery: Delivery, limitMs: number): Promise<Attempt | null> {
    const { topics, clock } = this.#deps
    const endMs = clock.monotonicMs() + limitMs
    const readNew = await topics.followAttempts(delivery.webhookId)
    const common = { attempts: [], replayId: null, parkedSince: null }
    const pending: PendingDelivery = { delivery, dueAt: delivery.createdAt, why: 'test', ...common }
    await topics.writeTest(pending)
    let found: Attempt | null = null
    while (!found && clock.monotonicMs() < endMs) {
      await clock.sleep(pollMs)
      await readNew((attempt) => {
        if (attempt.deliveryId === delivery.deliveryId) found = attempt
      })
    }
    return found
  }
}

/** The request without what is secret: values of custom headers, and the signature. */
function resultOf({ url, headers }: WebhookDefinition, { deliveryId, body }: Delivery, attempt: Attempt): object {
  const { outcome, cause, status, latencyMs, responseExcerpt, startedAt } = attempt
  const own = {
    'content-type': 'application/json',
    'webhook-id': deliveryId,
    'webhook-timestamp': String(Math.floor(startedAt / 1_000)),
    'webhook-signature': '***',
    'x-webhook-attempt': '1',
  }
  const isAnswered = status !== null
  return {
    outcome,
    cause,
    request: { method: 'POST', url, headers: { ...maskHeaders(headers), ...own }, body: body.toString() },
    response: isAnswered ? { status, latencyMs, excerpt: responseExcerpt } : null,
    // Without an answer, the excerpt says why there is none.
    detail: isAnswered ? null : responseExcerpt,
  }
}

function conflict(detail: string): HttpProblem {
  return new HttpProblem(409, 'Conflict', detail)
}
