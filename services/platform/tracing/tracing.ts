import type { Logger } from '../runtime/log.ts'

export type SpanAttributes = Record<string, string | number>

export type SpanStart = {
  name: string
  kind: 'producer' | 'consumer' | 'client' | 'internal'
  /** W3C traceparent that it belongs under; null begins a trace. */
  parent: string | null
  startMs: number
}

/** A span that has begun. One that is never ended is not exported. */
export type OpenSpan = {
  /** W3C traceparent for what happens within it. */
  readonly traceparent: string
  /** @param fault why it failed; null if it did not. */
  end(endMs: number, attributes: SpanAttributes, fault: string | null): void
}

/** Spans of the services, in the words that they need of OpenTelemetry. */
export type Tracing = AsyncDisposable & { begin(start: SpanStart): OpenSpan }

/**
 * Opens traces if the usual variables of OpenTelemetry ask for them. The SDK is loaded only then, so that it costs
 * neither memory nor time otherwise.
 */
export async function openTracing(service: string, env: NodeJS.ProcessEnv, log: Logger): Promise<Tracing | null> {
  if (!isTracingOn(env)) return null
  const { openOtlp } = await import('./otlp.ts')
  return openOtlp(service, env, log)
}

/** OpenTelemetry's rules: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export function isTracingOn(env: NodeJS.ProcessEnv): boolean {
  const hasEndpoint = Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT)
  return hasEndpoint && env.OTEL_SDK_DISABLED?.toLowerCase() !== 'true' && env.OTEL_TRACES_EXPORTER !== 'none'
}
