import type { Event } from '../../domain/event/event.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Tracing } from '../../platform/tracing/tracing.ts'
import type { EventSink } from './event-publisher.ts'

/** A sink with a span for each event, from its encoding to Kafka's acknowledgement. */
export function traceSink(sink: EventSink, tracing: Tracing, clock: Pick<Clock, 'nowMs'>): EventSink {
  return {
    get isOpen() {
      return sink.isOpen
    },
    get bufferedBytes() {
      return sink.bufferedBytes
    },
    async publish(event: Event, traceparent?: string): Promise<void> {
      const start = { name: 'publish', kind: 'producer', parent: traceparent ?? null, startMs: clock.nowMs() } as const
      const span = tracing.begin(start)
      let fault: string | null = null
      try {
        await sink.publish(event, span.traceparent)
      } catch (error) {
        fault = String(error)
        throw error
      } finally {
        const { eventId, businessId } = event.event
        const attributes = {
          'messaging.system': 'kafka',
          'hookline.event.type': event.type,
          'hookline.event.id': eventId,
          'hookline.business.id': businessId,
        }
        span.end(clock.nowMs(), attributes, fault)
      }
    },
  }
}
