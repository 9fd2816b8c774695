import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import type { SpanAttributes, Tracing } from '../../platform/tracing/tracing.ts'
import type { EnginePorts, SendResult } from '../engine/ports.ts'

/**
 * Sends with a span for each attempt, whose traceparent the receiver gets. The wait before the first attempt is a span
 * of its own. Both are below the notification's traceparent, so that retries lie side by side. A send that is postponed
 * is no attempt and has no span.
 */
export function traceSends(send: EnginePorts['send'], tracing: Tracing, nowMs: () => number): EnginePorts['send'] {
  return (delivery, attempt, definition, ended, options) => {
    const startMs = nowMs()
    const parent = delivery.traceparent
    const span = tracing.begin({ name: 'attempt', kind: 'client', parent, startMs })
    const told = (result: SendResult) => {
      if (result.kind === 'outcome') {
        if (attempt === 1) traceWait(delivery, startMs, tracing)
        const attributes = { ...toIdAttributes(delivery), 'hookline.attempt': attempt, ...toAttributes(result.outcome) }
        span.end(nowMs(), attributes, describeFailure(result.outcome))
      }
      ended(result)
    }
    send({ ...delivery, traceparent: span.traceparent }, attempt, definition, told, options)
  }
}

/** The time from the making of a notification to its first attempt: in Kafka, in memory, or in webhook-parked. */
function traceWait(delivery: Delivery, endMs: number, tracing: Tracing): void {
  const startMs = Math.min(delivery.createdAt, endMs)
  const span = tracing.begin({ name: 'queue', kind: 'consumer', parent: delivery.traceparent, startMs })
  span.end(endMs, { 'messaging.system': 'kafka', ...toIdAttributes(delivery) }, null)
}

function toIdAttributes({ deliveryId, webhookId, businessId }: Delivery): SpanAttributes {
  return { 'hookline.delivery.id': deliveryId, 'hookline.webhook.id': webhookId, 'hookline.business.id': businessId }
}

/** Never the URL, which may hold a secret of the receiver. */
function toAttributes(outcome: Outcome): SpanAttributes {
  const isAnswer = outcome.kind === 'success' || outcome.kind === 'refused'
  return {
    'hookline.outcome': outcome.kind,
    'http.request.method': 'POST',
    ...(isAnswer && { 'http.response.status_code': outcome.status }),
  }
}

function describeFailure(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'success':
      return null
    case 'refused':
      return `status ${outcome.status}`
    case 'unreachable':
    case 'rejected':
      return outcome.reason
  }
}
