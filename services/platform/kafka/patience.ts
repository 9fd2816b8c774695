import type { Clock } from '../runtime/clock.ts'
import type { RecordBatch } from './consumer.ts'

export type PatienceContext = {
  clock: Pick<Clock, 'sleep'>
  /** The partition is not to be fetched before resume. */
  pause: (topic: string, partition: number) => void
  resume: (topic: string, partition: number) => void
  /** Once aborted, nothing is paused any more. */
  stopping?: AbortSignal
}

/** What is usually waited for takes milliseconds; after this long the other partitions no longer wait for it. */
const patienceMs = 500

/**
 * Waiting for something that one partition needs: a schema, a definition, a takeover. kafkajs fetches again only when all
 * batches of an answer are handled, so that one that waits would hold up every partition of its broker. With this it
 * waits a little, then its partition alone stands still.
 */
export class Patience {
  readonly #context: PatienceContext

  constructor(context: PatienceContext) {
    this.#context = context
  }

  /**
   * @returns what has come; 'not yet' where that takes long: the batch is to end before this record, which is fetched again
   * once it has come.
   * @throws what the promise rejects with while it is waited for here.
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
    } finally {
      come.abort()
    }
    pause(topic, partition)
    const goOn = () => {
      if (assignment.current) resume(topic, partition)
    }
    coming.then(goOn, goOn)
    return 'not yet'
  }
}
