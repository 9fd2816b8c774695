import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export type ConnectProxy = AsyncDisposable & {
  url: string
  port: number
  /** Authorities of the requests so far, as the proxy was told them. */
  asked: string[]
  /** Answer to each request that is not to be tunnelled: a status line's rest such as `407 No`, or null to tunnel. */
  refusal: string | null
}

/** An HTTP proxy for CONNECT on the loopback interface. @param login user:password that it asks for. */
export async function startConnectProxy({
  login,
  port = 0,
}: {
  login?: string
  port?: number
} = {}): Promise<ConnectProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Socket) => {
    asked.push(url)
    const basic = headers['proxy-authorization']?.replace('Basic ', '') ?? ''
    const isKnown = login === undefined || Buffer.from(basic, 'base64').toString() === login
    const refusal = isKnown ? proxy.refusal : '407 Proxy Authentication Required'
    if (refusal !== null) return void client.end(`HTTP/1.1 ${refusal}\r\n\r\n`)
    const { hostname, port: targetPort } = new URL(`http://${url}`)
    const target = connect(Number(targetPort || 80), hostname.replace(/^\[|\]$/g, ''))
    sockets.add(target)
    target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(target).pipe(client)
    })
    client.on('close', () => target.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    asked,
    refusal: null,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
