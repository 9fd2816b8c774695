import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { systemClock } from '../../runtime/clock.ts'

type InFlight = { entry: { apiName?: string }; sentAt: number; requestTimeout: number; timeoutRequest(): void }
type PushedRequest = { entry: { apiName?: string } }
type Connection = {
  host: string
  port: number
  requestQueue: RequestQueue
  socket?: Socket
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
}
type ConnectionClosedClass = new (message: string, of: { host: string; port: number }) => Error

type RequestQueue = {
  pending: unknown[]
  inflight: Map<number, InFlight>
  enforceRequestTimeout: boolean
  isConnected(): boolean
  rejectAll(error: Error): void
  createSocketRequest(pushed: PushedRequest): InFlight
  destroy(): void
  scheduleCheckPendingRequests(): void
  scheduleRequestTimeoutCheck(): void
}

const patched = Symbol.for('hookline.kafkajs.request-queue')
/** Interval of the check for overdue requests, which may take 20 s (client.ts). */
const timeoutCheckMs = 1_000
/**
 * Shorter limits of requests that any broker answers at once, so that another is asked soon if one hangs. kafkajs gives
 * every request at least the longest.
 */
const shortLimitsMs: Record<string, number> = {
  ApiVersions: 3_000,
  Metadata: 5_000,
  GroupCoordinator: 5_000,
  Heartbeat: 5_000,
}
/** Longest wait for answers on a connection that is being closed. A broker that has left the metadata may hang. */
const closingLimitMs = 1_000
/** The connection of each queue. */
const connections = new WeakMap<RequestQueue, Connection>()
/** Broker -> when a request to it was overdue last. */
const overdueAtMs = new Map<string, number>()

/** Milliseconds since a request to the broker was overdue. */
export function msSinceOverdue(host: string, port: number): number {
  return systemClock.nowMs() - (overdueAtMs.get(`${host}:${port}`) ?? Number.NEGATIVE_INFINITY)
}

/** Queues of all connections, and the one timer that checks them. */
const watched = new Set<RequestQueue>()
let timer: NodeJS.Timeout | undefined

/**
 * Saves timers. kafkajs 2.2.4 (network/requestQueue) sets a timer to look for throttled requests even when none wait,
 * and another from that timer: each connection wakes the process a thousand times a second for nothing. That cost an
 * idle service 2 to 3 % of a core and made Node 24 warn of negative timeouts. Here the timer is set only while requests
 * wait.
 * Each connection also checks for overdue requests ten times a second with a timer of its own, and a service has about
 * ten connections. Here one timer checks all of them once a second.
 * An overdue request also leaves its connection open, and later requests to the same silent broker wait as long. Here
 * the connection is closed, as Kafka's own client does, and its other requests fail with it.
 * A connection that is closed from this side, for example to a broker that has left the metadata, waits for the answers
 * to its requests, and whoever reads the metadata waits with it; then it forgets them, and a consumer waits for its fetch
 * for ever. Here the wait is short, there is none for fetches, and the requests fail.
 */
export function calmRequestQueues(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
  const create = prototype.createSocketRequest
  prototype.createSocketRequest = function (this: RequestQueue, pushed) {
    const request = create.call(this, pushed)
    request.requestTimeout = shortLimitsMs[pushed.entry.apiName ?? ''] ?? request.requestTimeout
    return request
  }
  const { KafkaJSConnectionClosedError: ConnectionClosed } = require('kafkajs/src/errors.js') as {
    KafkaJSConnectionClosedError: ConnectionClosedClass
  }
  const { prototype: ofConnection } = require('kafkajs/src/network/connection.js') as { prototype: Connection }
  const connect = ofConnection.connect
  ofConnection.connect = function (this: Connection) {
    connections.set(this.requestQueue, this)
    return connect.call(this)
  }
  const disconnect = ofConnection.disconnect
  ofConnection.disconnect = async function (this: Connection) {
    const { host, port, requestQueue } = this
    const failAll = () => requestQueue.rejectAll(new ConnectionClosed('Closed connection', { host, port }))
    const onlyFetches = requestQueue.inflight.values().every(({ entry }) => entry.apiName === 'Fetch')
    const isFetching = onlyFetches && requestQueue.pending.length === 0
    const late = setTimeout(failAll, isFetching ? 0 : closingLimitMs)
    try {
      return await disconnect.call(this)
    } finally {
      clearTimeout(late)
      if (requestQueue.inflight.size > 0) failAll()
    }
  }
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this)
  }
  prototype.scheduleRequestTimeoutCheck = function (this: RequestQueue) {
    if (!this.enforceRequestTimeout) return
    watched.add(this)
    timer ??= setInterval(() => watched.forEach(endOverdue), timeoutCheckMs)
  }
  const destroy = prototype.destroy
  prototype.destroy = function (this: RequestQueue) {
    destroy.call(this)
    watched.delete(this)
    if (watched.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function endOverdue(queue: RequestQueue): void {
  const nowMs = systemClock.nowMs()
  const overdue = [...queue.inflight.values()].filter((request) => nowMs - request.sentAt > request.requestTimeout)
  for (const request of overdue) request.timeoutRequest()
  const connection = connections.get(queue)
  if (overdue.length > 0 && connection) {
    overdueAtMs.set(`${connection.host}:${connection.port}`, nowMs)
    connection.socket?.destroy(new Error('the broker has not answered in time'))
  }
  if (!queue.isConnected()) queue.destroy()
}
