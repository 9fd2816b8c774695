import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Clock } from '../../services/platform/runtime/clock.ts'
import { type ReceivedRequest, toArrival } from './arrival.ts'

/** How to answer: with a status (after a delay), never, or by closing the connection. */
export type Answer =
  | { kind: 'status'; status: number; delayMs?: number; headers?: Record<string, string>; body?: string }
  | { kind: 'hang' }
  | { kind: 'reset' }

export type Receiver = AsyncDisposable & {
  /** Without a slash at the end, such as http://127.0.0.1:51234. */
  url: string
  /** All requests received, in order of arrival. */
  arrivals: ReceivedRequest[]
  /** Checks signatures at this path with these secrets from now on; one of them has to match. */
  expectSecrets(path: string, secrets: string[]): void
  /** Scripts the answers at a path; paths without a script are answered with 204. */
  answer(path: string, script: Answer | ((arrival: ReceivedRequest) => Answer)): void
  close(): Promise<void>
}

export type ReceiverOptions = {
  clock: Clock
  /** 0 chooses a free port. */
  port?: number
  /** Host name by which others reach it; it then listens on all interfaces. Default: 127.0.0.1, for this machine only. */
  hostName?: string | undefined
  onArrival?: (arrival: ReceivedRequest) => void
}

const ok: Answer = { kind: 'status', status: 204 }
// Longer than any client keeps a connection, so that this side never closes one while a request arrives.
const keepAliveTimeoutMs = 120_000

/** A customer's server for samples and tests. It uses node:http alone, to handle 10,000 requests a second. */
export async function startReceiver({ clock, port = 0, hostName, onArrival }: ReceiverOptions): Promise<Receiver> {
  const arrivals: ReceivedRequest[] = []
  const verifiers = new Map<string, Webhook[]>()
  const scripts = new Map<string, (arrival: ReceivedRequest) => Answer>()

  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [chunk] = chunks
      const body = chunks.length === 1 && chunk ? chunk : Buffer.concat(chunks)
      const arrival = toArrival(request, body, verifiers.get(request.url ?? ''), clock.nowMs())
      arrivals.push(arrival)
      onArrival?.(arrival)
      void respond(response, scripts.get(arrival.path)?.(arrival) ?? ok, clock)
    })
  })
  server.listen(port, hostName === undefined ? '127.0.0.1' : '0.0.0.0')
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url: `http://${hostName ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`,
    arrivals,
    expectSecrets(path, secrets) {
      verifiers.set(
        path,
        secrets.map((secret) => new Webhook(secret)),
      )
    },
    answer(path, script) {
      scripts.set(path, typeof script === 'function' ? script : () => script)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function respond(response: ServerResponse, answer: Answer, clock: Clock): Promise<void> {
  switch (answer.kind) {
    case 'status':
      if (answer.delayMs !== undefined) await clock.sleep(answer.delayMs)
      response.writeHead(answer.status, answer.headers)
      response.end(answer.body)
      return
    case 'hang':
      return
    case 'reset':
      response.destroy()
      return
  }
}
