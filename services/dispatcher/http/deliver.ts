import type { TimedKey } from '../../config-topics/signing-keys.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Delivery } from '../../domain/delivery/delivery.ts'
import { deliveryHeaders, timestampSeconds } from '../../domain/delivery/request-headers.ts'
import type { AccessToken } from '../../platform/connection/token-cache.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import type { SendOptions, SendResult } from '../engine/ports.ts'
import { asymmetricSignatures } from './asymmetric-signature.ts'
import type { HttpClient } from './http-sender.ts'
import { signatureHeader } from './signature.ts'
import type { EndpointCredentials, EndpointTokens, TokenResult } from './token/endpoint-tokens.ts'
import { createTarget, signingKeys, type Target, type TargetResult } from './unsealed-target.ts'

/** Wait while the definitions are read again. */
const staleMs = 250
/** Wait while outcomes cannot be recorded. */
const unrecordableMs = 1_000
/** Time between two log lines about one webhook that cannot be signed for. */
const logEveryMs = 60_000

export type SendContext = {
  http: HttpClient
  tokens: EndpointTokens
  keyRing: KeyRing
  policy: UrlPolicy
  clock: Clock
  log: Logger
  /** Whether the definitions in memory can be trusted. */
  freshness: { readonly isFresh: boolean }
  /** Whether Kafka takes the outcome: a delivery sent without a record would be sent again at each restart. */
  canRecord: () => boolean
}

type Sending = {
  target: Target
  delivery: Delivery
  attempt: number
  definition: WebhookDefinition
  options: SendOptions
}

/** Signs and posts deliveries according to their webhook's definition at that moment. */
export class Sender {
  readonly #context: SendContext
  readonly #targets = new Map<string, { definition: WebhookDefinition; result: TargetResult; loggedAtMs: number }>()

  constructor(context: SendContext) {
    this.#context = context
  }

  send(
    delivery: Delivery,
    attempt: number,
    definition: WebhookDefinition,
    ended: (result: SendResult) => void,
    options: SendOptions = {},
  ): void {
    const { http, clock, log, canRecord } = this.#context
    const startedAtMs = clock.nowMs()
    if (!this.#context.freshness.isFresh) return queueMicrotask(() => ended(stale(startedAtMs)))
    if (!canRecord()) return queueMicrotask(() => ended(unrecordable(startedAtMs)))
    if (http.pauseMs > 0) return queueMicrotask(() => ended(proxyAway(startedAtMs, http.pauseMs)))
    const found = this.#target(definition)
    switch (found.kind) {
      case 'unavailable':
        if (this.#mayLog(definition.id, clock.monotonicMs()))
          log.error({ webhookId: definition.id, reason: found.reason }, 'cannot sign: deliveries wait')
        return queueMicrotask(() => ended({ kind: 'fault', startedAtMs, reason: found.reason }))
      case 'unusable': {
        const outcome = { kind: 'unreachable', reason: 'tls', latencyMs: 0, detail: found.reason } as const
        return queueMicrotask(() => ended({ kind: 'outcome', startedAtMs, outcome }))
      }
      case 'forbidden': {
        const outcome = { kind: 'rejected', reason: 'address', detail: found.reason } as const
        return queueMicrotask(() => ended({ kind: 'outcome', startedAtMs, outcome }))
      }
      case 'target': {
        const { target } = found
        const sending = { target, delivery, attempt, definition, options }
        return target.credentials === null
          ? this.#post(sending, startedAtMs, null, ended)
          : this.#sendWithToken(sending, target.credentials, ended)
      }
    }
  }

  #post(
    { target, delivery, attempt, definition, options }: Sending,
    startedAtMs: number,
    token: string | null,
    ended: (result: SendResult) => void,
  ): void {
    const { origin, path, timeoutMs, tls } = target
    const headers = requestHeaders(target, delivery, attempt, startedAtMs)
    if (token !== null) headers.push('authorization', `Bearer ${token}`)
    const { body } = delivery
    const request = { origin, path, headers, body, timeoutMs, owner: definition.businessId, tls, ...options }
    this.#context.http.post(request, (outcome) =>
      ended(outcome ? { kind: 'outcome', startedAtMs, outcome } : this.#unsent(startedAtMs)),
    )
  }

  /** Sends with a token of the webhook's token endpoint. After a 401 it is sent once more, with another token. */
  #sendWithToken(sending: Sending, credentials: EndpointCredentials, ended: (result: SendResult) => void): void {
    const { tokens, clock } = this.#context
    const { definition } = sending
    const post = (token: AccessToken, answered: (result: SendResult) => void) =>
      this.#post(sending, clock.nowMs(), token.value, answered)
    tokens.get(definition.id, credentials, (first) => {
      if (first.kind !== 'token') return ended(withoutToken(first, clock.nowMs()))
      post(first.token, (result) => {
        const isRefused =
          result.kind === 'outcome' && result.outcome.kind === 'refused' && result.outcome.status === 401
        if (!isRefused) return ended(result)
        tokens.replace(definition.id, credentials, first.token, (second) => {
          if (second?.kind === 'token') post(second.token, ended)
          else ended(second === null ? result : withoutToken(second, clock.nowMs()))
        })
      })
    })
  }

  #unsent(startedAtMs: number): SendResult {
    const { pauseMs } = this.#context.http
    return pauseMs > 0 ? proxyAway(startedAtMs, pauseMs) : stale(startedAtMs)
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

function proxyAway(startedAtMs: number, pauseMs: number): SendResult {
  return { kind: 'postponed', startedAtMs, delayMs: Math.max(1, pauseMs), reason: 'the egress proxy is unavailable' }
}

function withoutToken(result: Exclude<TokenResult, { kind: 'token' }>, startedAtMs: number): SendResult {
  switch (result.kind) {
    case 'away':
      return { kind: 'fault', startedAtMs, reason: result.reason }
    case 'forbidden':
      return { kind: 'outcome', startedAtMs, outcome: { kind: 'rejected', reason: 'address', detail: result.detail } }
    case 'refused': {
      const outcome = { kind: 'unreachable', reason: 'connect', latencyMs: 0, detail: result.detail } as const
      return { kind: 'outcome', startedAtMs, outcome }
    }
  }
}

/** @returns names and values in turn. */
export function requestHeaders(target: Target, delivery: Delivery, attempt: number, startedAtMs: number): string[] {
  const keys = signingKeys(target, startedAtMs)
  const signature = signatureHeader(keys, delivery.deliveryId, timestampSeconds(startedAtMs), delivery.body)
  const { asymmetricKeys } = target
  const all = asymmetricKeys === null ? signature : addAsymmetric(signature, asymmetricKeys, delivery, startedAtMs)
  return deliveryHeaders(delivery, { attempt, startedAtMs, signature: all }, target.headers)
}

function addAsymmetric(signature: string, keys: readonly TimedKey[], delivery: Delivery, startedAtMs: number): string {
  const added = asymmetricSignatures(keys, delivery.deliveryId, timestampSeconds(startedAtMs), delivery.body)
  return signature === '' ? added : `${signature} ${added}`
}
