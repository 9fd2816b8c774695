import type { FastifyError } from 'fastify'
import { HttpProblem } from '../platform/http/problem.ts'
import { Counter, Gauge, Histogram, type Registry } from '../platform/runtime/metrics.ts'

export type ProducerMetrics = {
  accepted: Counter<'type'>
  refused: Counter<'reason'>
  duration: Histogram<'status'>
}

/** @param heldBytes bytes counted by admission. */
export function createProducerMetrics(registry: Registry, heldBytes: () => number): ProducerMetrics {
  const registers = [registry]
  new Gauge({
    name: 'hookline_producer_buffered_bytes',
    help: 'Bytes of request bodies being served and of records that Kafka has not acknowledged',
    registers,
    collect() {
      this.set(heldBytes())
    },
  })
  return {
    accepted: new Counter({
      name: 'hookline_producer_events_accepted_total',
      help: 'Events that Kafka has acknowledged and that were answered with 202, by type',
      labelNames: ['type'],
      registers,
    }),
    refused: new Counter({
      name: 'hookline_producer_requests_refused_total',
      help: 'Requests to POST /v1/events that were refused as a whole, by reason',
      labelNames: ['reason'],
      registers,
    }),
    duration: new Histogram({
      name: 'hookline_producer_request_duration_seconds',
      help: "Time from a request's headers to its response, by status",
      labelNames: ['status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    }),
  }
}

/** Label for a refused request: the reason of the refusal, or the status of a framework error. */
export function refusalLabel(error: FastifyError | HttpProblem): string {
  if (error instanceof HttpProblem) return String(error.extra.reason ?? error.status)
  return String(error.statusCode ?? 500)
}
