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
/** Requests may take 20 s (client.ts): whether one has is looked at so often. */
const timeoutCheckMs = 1_000
/** Queues of connections, and the one timer that looks at them. */
const watched = new Set<RequestQueue>()
let timer: NodeJS.Timeout | undefined

/**
 * kafkajs 2.2.4 (network/requestQueue) sets a timer to look for throttled requests also where none wait, and from that
 * timer the next: each connection wakes the process a thousand times a second for nothing, which cost an idle service 2
 * to 3 % of a core and made Node 24 warn of negative timeouts. With this the timer is set while requests wait, and only then.
 * Each connection also looks for overdue requests ten times a second by a timer of its own, and a service has about ten:
 * here one timer looks at all of them once a second.
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
