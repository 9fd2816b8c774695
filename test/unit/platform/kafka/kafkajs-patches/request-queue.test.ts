import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { calmRequestQueues } from '../../../../../services/platform/kafka/kafkajs-patches/request-queue.ts'

type Connection = {
  requestQueue: Queue
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
  isConnected(): boolean
}
type Queue = {
  requestTimeout: number
  waitForPendingRequests(): Promise<void>
  push(request: object): void
  fulfillRequest(answer: object): void
  maybeThrottle(ms: number): void
  scheduleRequestTimeoutCheck(): void
  destroy(): void
}

const require = createRequire(import.meta.url)
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue

let sent: number[]
let queue: Queue

beforeEach(() => {
  vi.useFakeTimers()
  calmRequestQueues()
  sent = []
  queue = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    isConnected: () => true,
    logger: { debug: () => undefined },
  })
})
afterEach(() => {
  queue.destroy()
  vi.useRealTimers()
})

function push(correlationId: number, reject: (error: Error) => void = () => undefined, apiName = 'Produce'): void {
  queue.push({
    entry: { correlationId, apiName, resolve: () => undefined, reject },
    expectResponse: true,
    sendRequest: () => sent.push(correlationId),
  })
}

/** A server that accepts connections and never answers, and kafkajs' connection to it. */
async function silentServer() {
  const server = createServer((socket) => void socket.on('error', () => socket.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ofKafkajs = require('kafkajs/src/network/connection.js') as new (options: object) => Connection
  const socketFactory = require('kafkajs/src/network/socketFactory.js')()
  const silent = { debug: () => undefined, error: () => undefined }
  const more = { socketFactory, connectionTimeout: 3_000, requestTimeout: 20_000, logger: { namespace: () => silent } }
  const Connection = class extends ofKafkajs {
    constructor(address: object) {
      super({ ...address, ...more })
    }
  }
  return { Connection, server, port }
}

const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })

test('an idle connection sets no timer', () => {
  push(1)
  answer(1)
  expect(sent).toEqual([1])
  expect(vi.getTimerCount()).toBe(0)
})

test('a request that waits for a free slot is sent when there is one', () => {
  push(1)
  push(2)
  expect(sent).toEqual([1])
  answer(1)
  expect(sent).toEqual([1, 2])
})

test('requests that wait because the broker throttles are sent afterwards, in order', () => {
  queue.maybeThrottle(500)
  push(1)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(499)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(20)
  answer(1)
  expect(sent).toEqual([1])
})

test('a request that takes too long ends and frees its slot', () => {
  queue.scheduleRequestTimeoutCheck()
  const failures: string[] = []
  push(1, (error) => failures.push(error.name))
  push(2)
  vi.advanceTimersByTime(1_000)
  expect([sent, failures]).toEqual([[1], []])
  vi.advanceTimersByTime(1_000)
  expect([sent, failures]).toEqual([[1, 2], ['KafkaJSRequestTimeoutError']])
})

test('a request that any broker answers at once ends sooner than others', () => {
  queue = new RequestQueue({
    requestTimeout: 20_000,
    enforceRequestTimeout: true,
    isConnected: () => true,
    logger: { debug: () => undefined },
  })
  queue.scheduleRequestTimeoutCheck()
  const ended: string[] = []
  for (const [index, apiName] of ['Produce', 'Metadata', 'ApiVersions', 'Heartbeat'].entries())
    push(index, () => ended.push(apiName), apiName)
  vi.advanceTimersByTime(4_000)
  expect(ended).toEqual(['ApiVersions'])
  vi.advanceTimersByTime(2_000)
  expect(ended).toEqual(['ApiVersions', 'Metadata', 'Heartbeat'])
})

test('a connection whose request is overdue is closed, and its other requests fail with it', async () => {
  vi.useRealTimers()
  const { Connection, server, port } = await silentServer()
  const connection = new Connection({ host: '127.0.0.1', port })
  await connection.connect()
  const failures: string[] = []
  const fail = (error: Error) => failures.push(error.name)
  connection.requestQueue.requestTimeout = 300
  queue = connection.requestQueue
  push(1, fail)
  queue.requestTimeout = 60_000
  push(2, fail)
  await vi.waitFor(() => expect(failures).toEqual(['KafkaJSRequestTimeoutError', 'KafkaJSConnectionError']), 5_000)
  expect(connection.isConnected()).toBe(false)
  server.close()
})

test('a connection that is closed from this side waits shortly for answers, and its requests fail without them', async () => {
  vi.useRealTimers()
  const { Connection, server, port } = await silentServer()
  const connection = new Connection({ host: '127.0.0.1', port })
  await connection.connect()
  const failures: string[] = []
  queue = connection.requestQueue
  push(1, (error) => failures.push(error.name), 'Heartbeat')
  const closed = connection.disconnect()
  expect(failures).toEqual([])
  await closed
  expect(failures).toEqual(['KafkaJSConnectionClosedError'])
  expect(connection.isConnected()).toBe(false)
  server.close()
})

test('requests of a connection that is closed from this side fail', async () => {
  vi.useRealTimers()
  const { Connection, server, port } = await silentServer()
  const connection = new Connection({ host: '127.0.0.1', port })
  await connection.connect()
  const failures: string[] = []
  queue = connection.requestQueue
  // Only fetches are in flight: a connection waits for the end of all others.
  queue.waitForPendingRequests = async () => undefined
  push(1, (error) => failures.push(error.name), 'Fetch')
  await connection.disconnect()
  expect(failures).toEqual(['KafkaJSConnectionClosedError'])
  server.close()
})
