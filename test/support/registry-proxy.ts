import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers that a proxy gives in place of the registry. */
export const proxyFaults = {
  '404 of a page': (response) => answer(response, 404, 'text/html', '<h1>404 Not Found</h1>'),
  '404 as JSON': (response) => answer(response, 404, 'application/json', '{"message":"no route"}'),
  '404 as the registry says it': (response) =>
    answer(response, 404, 'application/json', '{"error_code":40403,"message":"Schema not found"}'),
  '403': (response) => answer(response, 403, 'application/json', '{"error_code":403}'),
  '429': (response) => answer(response, 429, 'text/plain', 'slow down'),
  '500': (response) => answer(response, 500, 'application/json', '{"error_code":50001}'),
  '200 with a page': (response) => answer(response, 200, 'text/html', '<html>Please sign in</html>'),
  '200 with a page called JSON': (response) => answer(response, 200, 'application/json', '<html></html>'),
  '200 with other JSON': (response) => answer(response, 200, 'application/json', '{"status":"UP"}'),
  reset: (response) => response.socket?.destroy(),
} satisfies Record<string, (response: ServerResponse) => void>

export type ProxyFault = keyof typeof proxyFaults

export type RegistryProxy = AsyncDisposable & {
  /** Base URL of the registry behind it. */
  url: string
  /** Number of requests that the registry did not get. */
  answered(): number
  /** Faults, used in turn; without any, requests are passed on. */
  set(faults: readonly ProxyFault[]): void
  /** Leaves the next `count` requests whose path contains this without any answer. */
  leaveUnanswered(pathPart: string, count: number): void
}

/** A proxy between services and the registry that can answer in its place. */
export async function startRegistryProxy(registryUrl: string): Promise<RegistryProxy> {
  const target = new URL(registryUrl)
  let faults: readonly ProxyFault[] = []
  let answered = 0
  let unanswered = { pathPart: '', count: 0 }
  const server = createServer((incoming, response) => {
    if (unanswered.count > 0 && incoming.url?.includes(unanswered.pathPart)) {
      unanswered.count--
      answered++
      return
    }
    const fault = faults[answered % Math.max(1, faults.length)]
    if (fault !== undefined) {
      answered++
      return proxyFaults[fault](response)
    }
    const { method, headers, url: path } = incoming
    const forwarded = request({ host: target.hostname, port: target.port, method, headers, path }, (from) => {
      response.writeHead(from.statusCode ?? 502, from.headers)
      from.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    answered: () => answered,
    set(next) {
      faults = next
    },
    leaveUnanswered(pathPart, count) {
      unanswered = { pathPart, count }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}
