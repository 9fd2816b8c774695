import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { Authenticate } from '../../platform/http/auth.ts'
import { createHttpServer, type HttpServerOptions } from '../../platform/http/http-server.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { producerConfig } from '../config.ts'
import { createProducerMetrics } from '../metrics.ts'
import type { EventSink } from '../publishing/event-publisher.ts'
import { Admission } from './admission.ts'
import { addEventsRoute } from './events-route.ts'
import { addOpenApi } from './openapi.ts'

export type ProducerServerOptions = Omit<HttpServerOptions, 'bodyLimitBytes'> & {
  config: Pick<
    Static<typeof producerConfig>,
    | 'HOOKLINE_PRODUCER_MAX_REQUEST_BYTES'
    | 'HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES'
    | 'HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS'
    | 'HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS'
  >
  clock: Clock
  sink: EventSink
  authenticate: Authenticate
}

export async function createProducerServer(options: ProducerServerOptions): Promise<FastifyInstance> {
  const { config, clock, sink, authenticate } = options
  const maxRequestBytes = config.HOOKLINE_PRODUCER_MAX_REQUEST_BYTES
  const server = createHttpServer({ ...options, bodyLimitBytes: maxRequestBytes })
  server.server.requestTimeout = config.HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS
  const admission = new Admission(config.HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES, () => sink.bufferedBytes)
  await addOpenApi(server)
  addEventsRoute(server, {
    sink,
    authenticate,
    admission,
    clock,
    maxRequestBytes,
    metrics: createProducerMetrics(options.metrics, () => admission.heldBytes),
    acknowledgeTimeoutMs: config.HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS,
  })
  return server
}
