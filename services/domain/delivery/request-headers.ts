import { isReservedHeader } from '../definition/custom-headers.ts'
import { maskedValue } from '../definition/definition-values.ts'
import type { Delivery } from './delivery.ts'

/** Headers of every request to a webhook (contract.md, section 3). The dispatcher sends them, admin shows them. */

const userAgent = 'Hookline/0.1'

/** Values that differ between the attempts of a delivery. */
export type AttemptHeaders = { attempt: number; startedAtMs: number; signature: string }

/**
 * @param custom the webhook's own headers.
 * @returns names and values in turn, as they are sent.
 */
export function deliveryHeaders(
  { deliveryId, traceparent }: Pick<Delivery, 'deliveryId' | 'traceparent'>,
  { attempt, startedAtMs, signature }: AttemptHeaders,
  custom: readonly string[],
): string[] {
  const headers = [
    'content-type',
    'application/json',
    'user-agent',
    userAgent,
    ...custom,
    'webhook-id',
    deliveryId,
    'webhook-timestamp',
    String(timestampSeconds(startedAtMs)),
    'webhook-signature',
    signature,
    'x-webhook-attempt',
    String(attempt),
  ]
  if (traceparent !== null) headers.push('traceparent', traceparent)
  return headers
}

/** The signed time of an attempt. */
export function timestampSeconds(startedAtMs: number): number {
  return Math.floor(startedAtMs / 1_000)
}

/** The headers as the API shows them: custom values and the signature are masked. */
export function shownHeaders(
  delivery: Pick<Delivery, 'deliveryId' | 'traceparent'>,
  { attempt, startedAt }: { attempt: number; startedAt: number },
  custom: Record<string, string> = {},
): Record<string, string> {
  // A definition written by hand may name headers that are not sent.
  const masked = Object.keys(custom).flatMap((name) => (isReservedHeader(name) ? [] : [name, maskedValue]))
  const flat = deliveryHeaders(delivery, { attempt, startedAtMs: startedAt, signature: maskedValue }, masked)
  return toHeaderRecord(flat)
}

/** @param flat names and values in turn. */
export function toHeaderRecord(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])))
}
