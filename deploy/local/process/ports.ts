import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const firstPort = 15_000
/** Number of processes that choose from different ports, and of the ports of each: together below 32,000. */
const processes = 64
const portsOfOne = 265

/**
 * Ports on the loopback interface that are free now. They are not found by binding to port 0, which picks from the
 * range of outgoing connections (32768 and up on Linux, 49152 elsewhere). While a broker is down in a fault test, a
 * client that reconnects to such a port could be given the same port as its own end and be connected to itself. Own
 * code: get-port falls back to such a port.
 * A server listens seconds after its port was found, so processes that start servers at the same time choose from
 * different ports: those with the remainder of their process id.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = firstPort + randomInt(portsOfOne) * processes + (process.pid % processes)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
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
