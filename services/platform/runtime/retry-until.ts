import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import type { Readiness } from './readiness/readiness.ts'

export type WaitContext = { log: Logger; clock: Clock; readiness: Readiness; stopping?: AbortSignal }

/**
 * Work that waited for Kafka or the registry was abandoned, because the service stops or the reader is closed. That is
 * no fault: the next owner, or the next start, does the work. Nobody may go on as if it had been done.
 */
export class WaitAbandoned extends Error {
  override name = 'WaitAbandoned'
}

const firstPauseMs = 250
const longestPauseMs = 5_000

/**
 * Calls until it succeeds, with pauses that double up to 5 s. Each failure is logged and makes the part not ready.
 * @param isFinal errors that waiting does not fix; they are thrown at once.
 * @throws WaitAbandoned with the last error when stopping begins.
 */
export async function retryUntilDone<T>(
  part: string,
  { log, clock, readiness, stopping }: WaitContext,
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const result = await call()
      readiness.set(part, null)
      return result
    } catch (error) {
      if (isFinal(error)) throw error
      const reason = error instanceof Error ? error.message : String(error)
      if (stopping?.aborted) throw new WaitAbandoned(reason, { cause: error })
      const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs)
      log.warn({ part, reason, pauseMs }, `${part} is not available yet, trying again`)
      readiness.set(part, reason)
      await clock.sleep(pauseMs, stopping)
    }
  }
}

/**
 * Reports errors as faults, except WaitAbandoned.
 * @param fail called with a fault; ends the process.
 */
export function failUnlessAbandoned(fail: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof WaitAbandoned)) fail(error)
  }
}
