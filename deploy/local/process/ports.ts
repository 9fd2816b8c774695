import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const firstPort = 15_000
const ports = 17_000

/**
 * Ports on the loopback interface that are free now, and that no other call is given while this process lives. They are
 * not found by binding to port 0, which picks from the range of outgoing connections (32768 and up on Linux, 49152
 * elsewhere). While a broker is down in a fault test, a client that reconnects to such a port could be given the same
 * port as its own end and be connected to itself. Own code: get-port falls back to such a port, and reserves ports
 * within one process only.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) {
    const port = firstPort + randomInt(ports)
    if ((await isFree(port)) && (await reserve(port))) found.push(port)
  }
  return found
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/**
 * Binds to the UDP port of the same number until this process ends: a server listens at its TCP port up to 20 s after
 * the port was found, and nobody else may find it meanwhile. @returns whether nobody has reserved it before.
 */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  socket.bind({ port, address: '127.0.0.1', exclusive: true })
  try {
    await once(socket, 'listening')
  } catch {
    return false
  }
  socket.unref()
  return true
}

/** Whether a process listens at this port of the loopback interface. */
export async function acceptsConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
