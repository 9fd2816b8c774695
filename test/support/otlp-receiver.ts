import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as OTLP in JSON writes it; parentSpanId is absent or empty for the first span of a trace. */
export type ExportedSpan = {
  name: string
  service: string
  traceId: string
  spanId: string
  parentSpanId: string | null
  startMs: number
  endMs: number
  isFault: boolean
  attributes: Record<string, string | number>
}

type JsonValue = { stringValue?: string; intValue?: string | number; doubleValue?: number }
type JsonAttribute = { key: string; value: JsonValue }
type JsonSpan = {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  status?: { code?: number }
  attributes: JsonAttribute[]
}
type ExportRequest = {
  resourceSpans: { resource: { attributes: JsonAttribute[] }; scopeSpans: { spans: JsonSpan[] }[] }[]
}

export type OtlpReceiver = AsyncDisposable & {
  /** Value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string
  spans: ExportedSpan[]
}

/** A collector of traces by OTLP over HTTP in JSON. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ExportedSpan[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url === '/v1/traces') spans.push(...read(JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function read({ resourceSpans }: ExportRequest): ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, status, attributes }) => ({
        name,
        service,
        traceId,
        spanId,
        parentSpanId: parentSpanId || null,
        startMs: Math.round(Number(startTimeUnixNano) / 1e6),
        endMs: Math.round(Number(endTimeUnixNano) / 1e6),
        isFault: status?.code === 2,
        attributes: attributesOf(attributes),
      })),
    )
  })
}

function attributesOf(attributes: JsonAttribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? Number(intValue ?? doubleValue),
    ]),
  )
}
