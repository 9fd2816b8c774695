import type { AttemptDetail, AttemptEntry, DeadLetterEntry, ErrorEntry } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Attempt, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { userAgent } from '../../domain/delivery/user-agent.ts'
import type { AttemptError } from '../../domain/stats/stats.ts'
import type { Found } from '../records/newest-first.ts'
import { maskedValue } from '../webhooks/header-rules.ts'

/** What the API shows of attempts, errors and dead letters; times are ISO 8601. */

export function attemptView({ partition, offset, value }: Found<Attempt>): AttemptEntry {
  const { startedAt, deliveryId, eventId, kind, contactId, chatChannelId, attempt, outcome, cause, status } = value
  const { latencyMs, next, nextAttemptAt, replayId, test } = value
  const what = { deliveryId, eventId, kind, contactId, chatChannelId, attempt }
  const nextAt = nextAttemptAt === null ? null : isoOf(nextAttemptAt)
  const how = { outcome, cause, status, latencyMs, next, nextAttemptAt: nextAt, replayId, test }
  return { id: `${partition}-${offset}`, at: isoOf(startedAt), ...what, ...how }
}

/** @returns null when it is none of ours. */
export function parseAttemptId(id: string): { partition: number; offset: number } | null {
  const match = /^(\d{1,4})-(\d{1,15})$/.exec(id)
  return match ? { partition: Number(match[1]), offset: Number(match[2]) } : null
}

/**
 * The attempt with its answer's beginning and its request.
 * @param entry in force: what it says of the request holds only if it is the record that the attempt was sent by.
 * @param delivery undefined when it is past retention.
 */
export function attemptDetail(found: Found<Attempt>, entry: Entry, delivery: Delivery | undefined): AttemptDetail {
  const { responseExcerpt, definitionVersion, definitionOffset } = found.value
  const same = entry.offset === definitionOffset ? entry.definition : undefined
  const request = {
    method: 'POST',
    url: same?.url ?? null,
    headers: requestHeaders(found.value, same, delivery?.traceparent ?? null),
    body: delivery?.body.toString('utf8') ?? null,
  }
  return { ...attemptView(found), excerpt: responseExcerpt, definitionVersion, request }
}

/** As contract.md, section 3, has them; what must not be shown is masked. */
function requestHeaders(
  { deliveryId, startedAt, attempt }: Attempt,
  definition: WebhookDefinition | undefined,
  traceparent: string | null,
): Record<string, string> {
  const custom = Object.keys(definition?.headers ?? {}).map((name) => [name, maskedValue])
  return {
    'content-type': 'application/json',
    'user-agent': userAgent,
    ...Object.fromEntries(custom),
    'webhook-id': deliveryId,
    'webhook-timestamp': String(Math.floor(startedAt / 1_000)),
    'webhook-signature': maskedValue,
    'x-webhook-attempt': String(attempt),
    ...(traceparent !== null && { traceparent }),
  }
}

export function errorView({ at, ...error }: AttemptError): ErrorEntry {
  return { at: isoOf(at), ...error }
}

export function deadLetterView({ deadLetteredAt, reason, detail, delivery, attempts }: DeadLetter): DeadLetterEntry {
  const { deliveryId = null, contactId = null, kind = null } = delivery ?? {}
  return { at: isoOf(deadLetteredAt), reason, detail, deliveryId, contactId, kind, attempts: attempts.length }
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
