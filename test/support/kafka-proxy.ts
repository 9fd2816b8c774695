import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { answerOf, type RefusedPartition, withoutRefused, withRefused } from './refused-produce.ts'
import { track } from './tcp-proxy.ts'

const produceKey = 0
const metadataKey = 3
const lengthBytes = 4

export type KafkaProxy = AsyncDisposable & {
  /** Error code for produce requests to a topic from now on, which the broker then does not see; null for none. */
  refuse: (codeOf: (topic: string) => number | null) => void
  /** Number of partitions in produce requests that were refused. */
  readonly refused: number
  /** `host:port` for clients, instead of the broker's. */
  address: string
  /** Number of produce responses seen and dropped. */
  readonly produced: number
  readonly lost: number
}

/**
 * A proxy between clients and the one broker of a cluster. It drops the response of every nth produce request (the
 * broker has the records, the client is disconnected and does not know), or refuses records of some topics. It knows
 * Kafka's framing, a length of four bytes before each request and response, and replaces the broker's address in
 * metadata responses.
 * @param broker `host:port`
 */
export async function startKafkaProxy(broker: string, loseEvery = Number.POSITIVE_INFINITY): Promise<KafkaProxy> {
  const sockets = new Set<Socket>()
  const [host = '', port = ''] = broker.split(':')
  const counts = { produced: 0, lost: 0, refused: 0 }
  /** Requests are looked into only once some are to be refused: compact ones cannot be read. */
  let codeOf: ((topic: string) => number | null) | undefined
  const server = createServer((client) => {
    track(sockets, client)
    const upstream = track(sockets, connect(Number(port), host))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    /** Requests on this connection without an answer so far, by correlation id. */
    const asked = new Map<number, { key: number; version: number; refused: RefusedPartition[] }>()
    onFrames(client, (frame) => {
      const [key, version] = [frame.readInt16BE(lengthBytes), frame.readInt16BE(lengthBytes + 2)]
      const id = frame.readInt32BE(lengthBytes + 4)
      const { rest, refused } =
        key === produceKey && codeOf ? withoutRefused(frame, codeOf) : { rest: frame, refused: [] }
      counts.refused += refused.length
      if (rest === null) {
        client.write(answerOf(id, refused))
        return
      }
      asked.set(id, { key, version, refused })
      upstream.write(rest)
    })
    onFrames(upstream, (frame) => {
      const id = frame.readInt32BE(lengthBytes)
      const request = asked.get(id)
      asked.delete(id)
      if (request?.key === produceKey && ++counts.produced % loseEvery === 0) {
        counts.lost++
        client.destroy()
        return
      }
      if (request?.key === metadataKey) takeBrokersPlace(frame, request.version, own.port)
      client.write(request?.refused.length ? withRefused(frame, request.refused) : frame)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${own.port}`,
    refuse: (next) => {
      codeOf = next
    },
    get refused() {
      return counts.refused
    },
    get produced() {
      return counts.produced
    },
    get lost() {
      return counts.lost
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Calls back with each complete frame, including its length. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let received = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= lengthBytes && !socket.destroyed) {
      const bytes = lengthBytes + received.readInt32BE(0)
      if (received.length < bytes) return
      take(received.subarray(0, bytes))
      received = received.subarray(bytes)
    }
  })
}

/**
 * Writes our port over the broker's in a Metadata response. The host, an address of this machine, is unchanged.
 * @throws Error if the cluster has more than one broker.
 */
function takeBrokersPlace(frame: Buffer, version: number, port: number): void {
  const throttleBytes = version >= 3 ? 4 : 0
  const afterId = lengthBytes + 4
  if (version >= 9) {
    // Compact fields: one byte for the header's tags, and lengths plus one in one byte.
    const brokersAt = afterId + 1 + throttleBytes
    assertOneBroker(frame.readUInt8(brokersAt) - 1)
    const hostAt = brokersAt + 1 + 4
    frame.writeInt32BE(port, hostAt + frame.readUInt8(hostAt))
    return
  }
  const brokersAt = afterId + throttleBytes
  assertOneBroker(frame.readInt32BE(brokersAt))
  const hostAt = brokersAt + 4 + 4
  frame.writeInt32BE(port, hostAt + 2 + frame.readInt16BE(hostAt))
}

function assertOneBroker(brokers: number): void {
  if (brokers !== 1) throw new Error(`one broker is needed, there are ${brokers}`)
}
