import type { Delivery } from '../domain/delivery/delivery.ts'
import type { Clock } from '../platform/runtime/clock.ts'
import type { OpenSpan, Tracing } from '../platform/tracing/tracing.ts'
import type { FormatterStageEdges } from './stage.ts'

export type TracedEdges = Pick<FormatterStageEdges, 'decide' | 'output'>

/**
 * Edges with a span for each notification, from the decision to Kafka's acknowledgement. The notification continues the
 * trace below that span. Events without a notification have none.
 */
export function traceFormatting({ decide, output }: TracedEdges, tracing: Tracing, clock: Pick<Clock, 'nowMs'>) {
  const open = new WeakMap<Delivery, OpenSpan>()
  const end = (delivery: Delivery, fault: string | null) => {
    const { deliveryId, webhookId, eventId, businessId } = delivery
    const attributes = {
      'messaging.system': 'kafka',
      'hookline.delivery.id': deliveryId,
      'hookline.webhook.id': webhookId,
      'hookline.event.id': eventId,
      'hookline.business.id': businessId,
    }
    open.get(delivery)?.end(clock.nowMs(), attributes, fault)
  }
  const traced: TracedEdges = {
    decide(event, record) {
      const startMs = clock.nowMs()
      const decision = decide(event, record)
      if (decision.kind === 'skip') return decision
      const { traceparent: parent } = decision.delivery
      const span = tracing.begin({ name: 'format', kind: 'consumer', parent, startMs })
      const delivery = { ...decision.delivery, traceparent: span.traceparent }
      open.set(delivery, span)
      return { kind: 'deliver', delivery }
    },
    output: {
      deliver(record, delivery) {
        const writing = output.deliver(record, delivery)
        void writing.then((result) => end(delivery, result === 'delivered' ? null : result))
        return writing
      },
      setAside: (...args) => output.setAside(...args),
    },
  }
  return traced
}
