import {
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from '../runtime/log.ts'
import { readVersion } from '../runtime/version.ts'
import { createSampler } from './sampler.ts'
import type { OpenSpan, SpanStart, Tracing } from './tracing.ts'

const kinds = {
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const

/** Exports spans by OTLP over HTTP in JSON. The exporter reads OTEL_EXPORTER_OTLP_* itself. */
export function openOtlp(service: string, env: NodeJS.ProcessEnv, log: Logger): Tracing {
  if (env.OTEL_EXPORTER_OTLP_PROTOCOL === 'grpc')
    log.warn('traces are exported by HTTP: OTEL_EXPORTER_OTLP_PROTOCOL=grpc has no effect, the usual port is 4318')
  const report = (message: string) => log.warn({ detail: message }, 'traces are not exported')
  const ignore = () => {}
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const own = resourceFromAttributes({
    'service.namespace': 'hookline',
    'service.name': service,
    'service.version': readVersion(),
  })
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last: they win.
  const resource = defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }))
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...batchOptions(env) })
  const provider = new TracerProvider({ resource, sampler: createSampler(env), spanProcessors: [processor] })
  const tracer = provider.getTracer('hookline', readVersion())
  return {
    begin({ name, kind, parent, startMs }: SpanStart): OpenSpan {
      const options = { kind: kinds[kind], startTime: new Date(startMs) }
      return openSpan(tracer.startSpan(name, options, toContext(parent)))
    },
    [Symbol.asyncDispose]: () => provider.shutdown().catch((error: unknown) => report(String(error))),
  }
}

function openSpan(span: Span): OpenSpan {
  return {
    traceparent: formatTraceparent(span.spanContext()),
    end(endMs, attributes, fault) {
      span.setAttributes(attributes)
      if (fault !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: fault })
      span.end(new Date(endMs))
    },
  }
}

/** @param traceparent a valid one (readTraceparent). */
function toContext(traceparent: string | null): Context {
  if (traceparent === null) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = '0'] = traceparent.split('-')
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** Variables of the batch processor; the SDK has defaults for those that are not set. */
function batchOptions(env: NodeJS.ProcessEnv) {
  const options = {
    scheduledDelayMillis: Number(env.OTEL_BSP_SCHEDULE_DELAY),
    maxQueueSize: Number(env.OTEL_BSP_MAX_QUEUE_SIZE),
    maxExportBatchSize: Number(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE),
    exportTimeoutMillis: Number(env.OTEL_BSP_EXPORT_TIMEOUT),
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value > 0))
}
