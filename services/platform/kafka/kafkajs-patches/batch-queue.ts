type Handler = (batch: unknown) => Promise<void>
type Worker = { handler: Handler }
type WorkerQueue = { push(...batches: unknown[]): Promise<void>; getWorkers(): Worker[] }

/** Replaces consumer/worker of kafkajs: holds the handler of batches, which the queue calls. */
export function worker(_ofKafkajs: unknown): (options: { handler: Handler }) => Worker {
  return ({ handler }) => ({ handler })
}

/**
 * Replaces consumer/workerQueue of kafkajs 2.2.4, which handles only as many partitions at a time as there are workers,
 * and wakes all of them for each response of a broker. Here all batches of a response are handled at once, so that none
 * waits for another.
 */
export function workerQueue(_ofKafkajs: unknown): (options: { workers: Worker[] }) => WorkerQueue {
  return ({ workers }) => ({
    getWorkers: () => workers,
    push: async (...batches) => {
      const results = await Promise.allSettled(batches.map((batch) => workers[0]?.handler(batch)))
      const failed = results.find(({ status }) => status === 'rejected')
      if (failed) throw (failed as PromiseRejectedResult).reason
    },
  })
}
