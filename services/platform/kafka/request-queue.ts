import { createRequire } from 'node:module'

type RequestQueue = { pending: unknown[]; scheduleCheckPendingRequests(): void }

const patched = Symbol.for('hookline.kafkajs.request-queue')

/**
 * kafkajs 2.2.4 (network/requestQueue) sets a timer to look for throttled requests also where none wait, and from that
 * timer the next: each connection wakes the process a thousand times a second for nothing, which cost an idle service 2
 * to 3 % of a core and made Node 24 warn of negative timeouts. With this the timer is set while requests wait, and only then.
 */
export function checkOnlyWaitingRequests(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this)
  }
}
