import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type RecordedRequest = { headers: Record<string, string>; path: string; body: string }

export type RecordingServer = AsyncDisposable & {
  /** URL on 127.0.0.1, without a path. */
  url: string
  /** Requests in the order of their bodies' ends. */
  seen: RecordedRequest[]
}

/** An HTTP server that keeps the requests that it gets. @param answer 200 by default. */
export async function openRecordingServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end(),
): Promise<RecordingServer> {
  const seen: RecordedRequest[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = request.headers as Record<string, string>
    seen.push({ headers, path: request.url ?? '', body: Buffer.concat(chunks).toString() })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
