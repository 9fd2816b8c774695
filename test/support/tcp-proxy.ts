import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** pass: transparent; refuse: connections are closed; hang: they are accepted, and nothing is ever answered. */
export type ProxyMode = 'pass' | 'refuse' | 'hang'

export type TcpProxy = AsyncDisposable & {
  port: number
  /** Closes existing connections; new ones are treated by the new mode. */
  set(mode: ProxyMode): void
}

/** A proxy between a client and a server on this machine. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let mode: ProxyMode = 'pass'
  const server = createServer((client) => {
    track(sockets, client)
    if (mode === 'refuse') return client.destroy()
    if (mode === 'hang') return client.resume()
    const upstream = track(sockets, connect(target.port, target.host))
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Closing connections is this proxy's purpose, so their errors are expected. */
export function track(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  return socket
}
