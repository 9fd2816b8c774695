import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Webhook } from 'standardwebhooks'
import type { Notification } from './notification.ts'

/** One request, as it came in. */
export type Arrival = {
  path: string
  /** The webhook-id header. */
  webhookId: string
  /** The x-webhook-attempt header, from 1; 0 when it is not a number. */
  attempt: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** SHA-256 of the body, in hex. */
  bodyHash: string
  /** The body as JSON; null when it is none. */
  notification: Notification | null
  /** unchecked: no secret of this path is known. */
  signature: 'valid' | 'invalid' | 'unchecked'
  /** Milliseconds since the epoch, when the whole body was there. */
  arrivedAtMs: number
}

/** @param verifiers one for each secret that may have signed it; undefined when none is known. */
export function toArrival(
  request: IncomingMessage,
  body: Buffer,
  verifiers: Webhook[] | undefined,
  arrivedAtMs: number,
): Arrival {
  const { headers } = request
  return {
    path: request.url ?? '',
    webhookId: String(headers['webhook-id'] ?? ''),
    attempt: Number(headers['x-webhook-attempt']) || 0,
    headers,
    body,
    bodyHash: hash('sha256', body),
    notification: parse(body),
    signature: verifiers === undefined ? 'unchecked' : verify(verifiers, headers, body),
    arrivedAtMs,
  }
}

function verify(verifiers: Webhook[], headers: IncomingHttpHeaders, body: Buffer): 'valid' | 'invalid' {
  const fits = verifiers.some((verifier) => {
    try {
      verifier.verify(body, headers as Record<string, string>, { jsonParse: false })
      return true
    } catch {
      // The library says no by throwing.
      return false
    }
  })
  return fits ? 'valid' : 'invalid'
}

function parse(body: Buffer): Notification | null {
  try {
    return JSON.parse(body.toString()) as Notification
  } catch {
    return null
  }
}
