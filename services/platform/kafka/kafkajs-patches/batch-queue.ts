type Handler = (batch: unknown) => Promise<void>
type Worker = { handler: Handler }
type WorkerQueue = { push(...batches: unknown[]): Promise<void>; getWorkers(): Worker[] }

/** consumer/worker of kafkajs: what handles a batch, to be called by the queue. */
export function worker(_ofKafkajs: unknown): (options: { handler: Handler }) => Worker {
  return ({ handler }) => ({ handler })
}

/**
 * consumer/workerQueue of kafkajs 2.2.4 has as many partitions handled at a time as there are workers, and wakes all of them for each
 * answer of a broker. Here all batches of an answer are handled at once, so that none waits for another one.
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
