import { createRequire } from 'node:module'
import { systemClock } from '../../runtime/clock.ts'

type InFlight = { sentAt: number; requestTimeout: number; timeoutRequest(): void }

type RequestQueue = {
  pending: unknown[]
  inflight: Map<number, InFlight>
  enforceRequestTimeout: boolean
  isConnected(): boolean
  destroy(): void
  scheduleCheckPendingRequests(): void
  scheduleRequestTimeoutCheck(): void
}

const patched = Symbol.for('hookline.kafkajs.request-queue')
/** Interval of the check for overdue requests, which may take 20 s (client.ts). */
const timeoutCheckMs = 1_000
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
 */
export function calmRequestQueues(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
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
  for (const request of queue.inflight.values())
    if (nowMs - request.sentAt > request.requestTimeout) request.timeoutRequest()
  if (!queue.isConnected()) queue.destroy()
}
