import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Delivery } from '../../domain/delivery/delivery.ts'
import { deliveryHeaders, timestampSeconds } from '../../domain/delivery/request-headers.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import type { SendResult } from '../engine/ports.ts'
import type { HttpSender } from './http-sender.ts'
import { signatureHeader } from './signature.ts'
import { createTarget, signingKeys, type Target, type TargetResult } from './unsealed-target.ts'

/** Wait while the definitions are read again. */
const staleMs = 250
/** Wait while outcomes cannot be recorded. */
const unrecordableMs = 1_000
/** Time between two log lines about one webhook that cannot be signed for. */
const logEveryMs = 60_000

export type SendContext = {
  http: HttpSender
  keyRing: KeyRing
  policy: UrlPolicy
  clock: Clock
  log: Logger
  /** Whether the definitions in memory can be trusted. */
  freshness: { readonly isFresh: boolean }
  /** Whether Kafka takes the outcome: a delivery sent without a record would be sent again at each restart. */
  canRecord: () => boolean
}

/** Signs and posts deliveries according to their webhook's definition at that moment. */
export class Sender {
  readonly #context: SendContext
  readonly #targets = new Map<string, { definition: WebhookDefinition; result: TargetResult; loggedAtMs: number }>()

  constructor(context: SendContext) {
    this.#context = context
  }

  send(delivery: Delivery, attempt: number, definition: WebhookDefinition, ended: (result: SendResult) => void): void {
    const { http, clock, log, canRecord } = this.#context
    const startedAtMs = clock.nowMs()
    if (!this.#context.freshness.isFresh) return queueMicrotask(() => ended(stale(startedAtMs)))
    if (!canRecord()) return queueMicrotask(() => ended(unrecordable(startedAtMs)))
    const found = this.#target(definition)
    switch (found.kind) {
      case 'unavailable':
        if (this.#mayLog(definition.id, clock.monotonicMs()))
          log.error({ webhookId: definition.id, reason: found.reason }, 'cannot sign: deliveries wait')
        return queueMicrotask(() => ended({ kind: 'fault', startedAtMs, reason: found.reason }))
      case 'forbidden': {
        const outcome = { kind: 'rejected', reason: 'address', detail: found.reason } as const
        return queueMicrotask(() => ended({ kind: 'outcome', startedAtMs, outcome }))
      }
      case 'target': {
        const { origin, path, timeoutMs } = found.target
        const headers = requestHeaders(found.target, delivery, attempt, startedAtMs)
        const request = { origin, path, headers, body: delivery.body, timeoutMs, owner: definition.businessId }
        return http.post(request, (outcome) =>
          ended(outcome ? { kind: 'outcome', startedAtMs, outcome } : stale(startedAtMs)),
        )
      }
    }
  }

  #mayLog(webhookId: string, nowMs: number): boolean {
    const known = this.#targets.get(webhookId)
    if (!known || nowMs - known.loggedAtMs < logEveryMs) return false
    known.loggedAtMs = nowMs
    return true
  }

  #target(definition: WebhookDefinition): TargetResult {
    const known = this.#targets.get(definition.id)
    if (known?.definition === definition) return known.result
    const result = createTarget(definition, this.#context.keyRing, this.#context.policy, this.#context.clock.nowMs())
    this.#targets.set(definition.id, { definition, result, loggedAtMs: known?.loggedAtMs ?? Number.NEGATIVE_INFINITY })
    return result
  }
}

function stale(startedAtMs: number): SendResult {
  return { kind: 'postponed', startedAtMs, delayMs: staleMs, reason: 'definitions are being read again' }
}

function unrecordable(startedAtMs: number): SendResult {
  return { kind: 'postponed', startedAtMs, delayMs: unrecordableMs, reason: 'Kafka does not take the outcome' }
}

/** @returns names and values in turn. */
export function requestHeaders(target: Target, delivery: Delivery, attempt: number, startedAtMs: number): string[] {
  const keys = signingKeys(target, startedAtMs)
  const signature = signatureHeader(keys, delivery.deliveryId, timestampSeconds(startedAtMs), delivery.body)
  return deliveryHeaders(delivery, { attempt, startedAtMs, signature }, target.headers)
}
