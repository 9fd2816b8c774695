import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { isTracingOn, openTracing, type Tracing } from '../../../../services/platform/tracing/tracing.ts'
import { startOtlpReceiver } from '../../../support/otlp-receiver.ts'

const log = pino({ level: 'silent' })
const traceId = '0af7651916cd43dd8448eb211c80319c'
const parent = `00-${traceId}-b7ad6b7169203331-01`
const unsampled = `00-${traceId}-b7ad6b7169203331-00`

afterEach(() => vi.unstubAllEnvs())

/** Runs with traces that go to a receiver. @returns what it got. */
async function exported(variables: Record<string, string>, run: (tracing: Tracing) => void) {
  await using receiver = await startOtlpReceiver()
  for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...variables }))
    vi.stubEnv(name, value)
  const tracing = await openTracing('formatter', process.env, log)
  if (!tracing) throw new Error('traces are off')
  run(tracing)
  await tracing[Symbol.asyncDispose]()
  return receiver.spans
}

const begin = (tracing: Tracing, of: string | null = parent) =>
  tracing.begin({ name: 'format', kind: 'consumer', parent: of, startMs: 1_700_000_000_000 })

test('a span is exported with its parent, times, attributes and fault once it has ended', async () => {
  let traceparent = ''
  const [span, ...others] = await exported({}, (tracing) => {
    const open = begin(tracing)
    traceparent = open.traceparent
    open.end(1_700_000_000_250, { 'hookline.attempt': 2, 'hookline.outcome': 'refused' }, 'status 503')
    begin(tracing)
  })
  expect(others).toEqual([])
  expect(span).toMatchObject({
    name: 'format',
    service: 'formatter',
    traceId,
    parentSpanId: 'b7ad6b7169203331',
    startMs: 1_700_000_000_000,
    endMs: 1_700_000_000_250,
    isFault: true,
    attributes: { 'hookline.attempt': 2, 'hookline.outcome': 'refused' },
  })
  expect(traceparent).toBe(`00-${traceId}-${span?.spanId}-01`)
})

test('a span without a parent begins a trace of its own', async () => {
  const [span] = await exported({ OTEL_SERVICE_NAME: 'mine' }, (tracing) => {
    const open = begin(tracing, null)
    expect(open.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    open.end(1_700_000_000_001, {}, null)
  })
  expect(span).toMatchObject({ parentSpanId: null, service: 'mine', isFault: false })
})

test.each([
  ['that its parent is not sampled', {}, unsampled],
  ['that the sampler is always_off', { OTEL_TRACES_SAMPLER: 'always_off' }, parent],
  ['that the ratio is 0', { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, null],
])('a span is not exported for the reason %s, and its traceparent says so', async (_why, variables, of) => {
  let traceparent = ''
  const spans = await exported(variables, (tracing) => {
    const open = begin(tracing, of)
    traceparent = open.traceparent
    open.end(1_700_000_000_001, {}, null)
  })
  expect(spans).toEqual([])
  expect(traceparent).toMatch(of === null ? /-00$/ : new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
})

test.each([
  [false, {}],
  [false, { OTEL_SERVICE_NAME: 'mine' }],
  [true, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
  [true, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }],
  [false, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'True' }],
  [false, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }],
])('traces are on (%s) by the variables %j', (isOn, env) => {
  expect(isTracingOn(env)).toBe(isOn)
})

test('the SDK of OpenTelemetry is loaded only while traces are on', () => {
  const file = fileURLToPath(new URL('../../../../services/platform/tracing/tracing.ts', import.meta.url))
  const script = `
    import { registerHooks } from 'node:module'
    let loaded = 0
    registerHooks({ load(url, context, next) { loaded += url.includes('@opentelemetry'); return next(url, context) } })
    const { openTracing } = await import(${JSON.stringify(file)})
    await openTracing('formatter', process.env, { warn() {} })
    process.stdout.write(String(loaded))
    process.exit()`
  const loadedWith = (env: NodeJS.ProcessEnv) =>
    Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env }).stdout)
  expect(loadedWith({})).toBe(0)
  expect(loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toBeGreaterThan(0)
})
