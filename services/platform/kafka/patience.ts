import type { Clock } from '../runtime/clock.ts'
import { WaitAbandoned } from '../runtime/retry-until.ts'
import type { RecordBatch } from './consumer.ts'

export type PatienceContext = {
  clock: Pick<Clock, 'sleep'>
  /** Stops fetching the partition until resume is called. */
  pause: (topic: string, partition: number) => void
  resume: (topic: string, partition: number) => void
  /** Once aborted, nothing is paused any more because it takes long. */
  stopping?: AbortSignal
}

/** Time after which other partitions no longer wait. Most waits take milliseconds. */
const patienceMs = 500

/**
 * Waits for something that one partition needs: a schema, a definition, a takeover. The next fetch from a broker waits
 * until all batches of the last one are handled, so a waiting batch would delay every partition of its broker. This
 * waits briefly, then pauses that partition alone.
 */
export class Patience {
  readonly #context: PatienceContext

  constructor(context: PatienceContext) {
    this.#context = context
  }

  /**
   * @returns the result; 'not yet' if it takes long. Then the batch must end before this record, which is fetched again
   * once the result is there, and never if the promise rejects with WaitAbandoned.
   * @throws any other rejection while the promise is awaited here.
   */
  async wait<T>(
    coming: Promise<T>,
    { topic, partition, assignment }: Pick<RecordBatch, 'topic' | 'partition' | 'assignment'>,
  ): Promise<T | 'not yet'> {
    const { clock, pause, resume, stopping } = this.#context
    const come = new AbortController()
    const patience = clock.sleep(patienceMs, come.signal).then(() => 'not yet' as const)
    try {
      const result = await Promise.race([coming, patience])
      if (result !== 'not yet' || stopping?.aborted || !assignment.current) return result
    } catch (error) {
      if (!(error instanceof WaitAbandoned)) throw error
      if (assignment.current) pause(topic, partition)
      return 'not yet'
    } finally {
      come.abort()
    }
    pause(topic, partition)
    const resumePartition = () => {
      if (assignment.current) resume(topic, partition)
    }
    coming.then(resumePartition, (error: unknown) => error instanceof WaitAbandoned || resumePartition())
    return 'not yet'
  }
}
