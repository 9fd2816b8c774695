import { HttpProblem } from '../../platform/http/problem.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'

/** Longest wait of a request for a record that has to be in Kafka before anything else is done. */
const limitMs = 10_000

/**
 * Waits until Kafka has a record of a request. A record that is late may still be written.
 * @throws HttpProblem 503 when Kafka refuses the record or has not acknowledged it in time.
 */
export async function acknowledged<T>(clock: Pick<Clock, 'sleep'>, write: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = clock.sleep(limitMs, done.signal).then(() => {
    throw unavailable('Kafka has not acknowledged the write in time')
  })
  try {
    return await Promise.race([write, late])
  } catch (error) {
    throw error instanceof RecordRefused ? unavailable(error.message) : error
  } finally {
    // Nobody waits for the timer any more.
    late.catch(() => undefined)
    done.abort()
  }
}

/** @param reason why Kafka does not do at present what a request needs. */
export function unavailable(reason: string): HttpProblem {
  return new HttpProblem(503, 'Service Unavailable', reason, {}, { 'retry-after': '10' })
}
