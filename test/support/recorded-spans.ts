import type { OpenSpan, SpanAttributes, SpanStart, Tracing } from '../../services/platform/tracing/tracing.ts'

export type RecordedSpan = SpanStart & {
  traceparent: string
  endMs: number
  attributes: SpanAttributes
  fault: string | null
}

/** Tracing that keeps the spans that have ended. The traceparents are `span-1`, `span-2` and so on. */
export function recordSpans(): { tracing: Tracing; spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = []
  let begun = 0
  const begin = (start: SpanStart): OpenSpan => {
    const traceparent = `span-${++begun}`
    return {
      traceparent,
      end: (endMs, attributes, fault) => void spans.push({ ...start, traceparent, endMs, attributes, fault }),
    }
  }
  return { tracing: { begin, [Symbol.asyncDispose]: async () => {} }, spans }
}
