import got, { RequestError } from 'got'
import { Webhook } from 'standardwebhooks'
import type { NewDelivery } from '../../domain/api/traffic.ts'
import { deliveryHeaders, toHeaderRecord } from '../../domain/delivery/request-headers.ts'

export type ForwardOptions = { url: string; secret: string; ended: AbortSignal; nowMs: () => number }

/** Answer to a forwarded notification; status is null if there was none. */
export type Forwarded = { status: number | null; detail: string | null; latencyMs: number }

const timeoutMs = 30_000

/** Posts a notification as the dispatcher would at the first attempt, without the webhook's custom headers. */
export async function forward(
  delivery: NewDelivery,
  { url, secret, ended, nowMs }: ForwardOptions,
): Promise<Forwarded> {
  const startedAtMs = nowMs()
  const { deliveryId, body } = delivery
  const signature = new Webhook(secret).sign(deliveryId, new Date(startedAtMs), body)
  const headers = toHeaderRecord(deliveryHeaders(delivery, { attempt: 1, startedAtMs, signature }, []))
  const answered = (status: number | null, detail: string | null) => ({
    status,
    detail,
    latencyMs: nowMs() - startedAtMs,
  })
  try {
    const { statusCode } = await got.post(url, {
      body,
      headers,
      throwHttpErrors: false,
      followRedirect: false,
      decompress: false,
      retry: { limit: 0 },
      timeout: { request: timeoutMs },
      signal: ended,
    })
    return answered(statusCode, null)
  } catch (error) {
    if (error instanceof RequestError) return answered(null, error.code)
    throw error
  }
}
