import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Webhook } from 'standardwebhooks'
import type { Notification } from './notification.ts'

/** One request as it was received. */
export type ReceivedRequest = {
  path: string
  /** Value of the header webhook-id. */
  webhookId: string
  /** Value of x-webhook-attempt, from 1; 0 if it is not a number. */
  attempt: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** SHA-256 of the body, in hex. */
  bodyHash: string
  /** The body as JSON; null if it is not JSON. */
  notification: Notification | null
  /** Verdict on the signature; unchecked if no secret of this path is known. */
  signature: 'valid' | 'invalid' | 'unchecked'
  /** Time at which the whole body was received, in milliseconds since the epoch. */
  arrivedAtMs: number
}

/** @param verifiers one for each secret that may have signed; undefined if none is known. */
export function toArrival(
  request: IncomingMessage,
  body: Buffer,
  verifiers: Webhook[] | undefined,
  arrivedAtMs: number,
): ReceivedRequest {
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
      // The library reports an invalid signature by throwing.
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
