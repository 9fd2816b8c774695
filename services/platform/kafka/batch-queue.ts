type Batch = { rawMessages: unknown[] }
type Handler = (batch: Batch) => Promise<void>
type Worker = { handler: Handler }
type WorkerQueue = { push(...batches: Batch[]): Promise<void>; getWorkers(): Worker[] }

/** consumer/worker of kafkajs: what handles a batch, to be called by the queue. */
export function worker(_ofKafkajs: unknown): (options: { handler: Handler }) => Worker {
  return ({ handler }) => ({ handler })
}

/**
 * consumer/workerQueue of kafkajs 2.2.4 wakes each of its workers for each answer of a broker, 64 where partitions are not to wait
 * for one another, and takes every partition that was asked for through them, also those that brought nothing. At 500 events a
 * second that was 8 % of the CPU of formatter and dispatcher. Here the batches with something in them are handled, all at once.
 * One goes through in any case: heartbeats are sent behind a batch.
 */
export function workerQueue(_ofKafkajs: unknown): (options: { workers: Worker[] }) => WorkerQueue {
  return ({ workers }) => ({
    getWorkers: () => workers,
    push: async (...batches) => {
      const filled = batches.filter(({ rawMessages }) => rawMessages.length > 0)
      const handled = filled.length > 0 ? filled : batches.slice(0, 1)
      const results = await Promise.allSettled(handled.map((batch) => workers[0]?.handler(batch)))
      const failed = results.find(({ status }) => status === 'rejected')
      if (failed) throw (failed as PromiseRejectedResult).reason
    },
  })
}
