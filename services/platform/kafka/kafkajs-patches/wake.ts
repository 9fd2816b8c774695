import { createRequire } from 'node:module'

type SubscriptionState = { resume(topicPartitions: unknown): void }
type ConsumerGroup = { fetch(nodeId: unknown): Promise<unknown[]> }
type Runner = { consumerGroup: ConsumerGroup; stop(): Promise<void> }

const require = createRequire(import.meta.url)
const patched = Symbol.for('hookline.kafkajs.wake')
const asleep = new Set<() => void>()
/** Callbacks that end a consumer's waiting fetches. */
const fetching = new WeakMap<ConsumerGroup, Set<() => void>>()

/**
 * Sleeps until a partition is resumed, or for ms at most. kafkajs 2.2.4 (consumer/consumerGroup) sleeps its whole
 * longest wait when everything is paused: with 250 ms, reading ten records of a paused partition took 27 to 265 ms.
 */
export function sleepUntilResumed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      asleep.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    asleep.add(wake)
  })
}

/**
 * Ends waits of kafkajs that have lost their purpose. Sleeps end when a partition is resumed, of whichever consumer;
 * the others check and sleep again. Fetches that the broker holds back for lack of records end when the consumer stops,
 * which would otherwise wait for them. Their results are dropped with the connection.
 */
export function endWaitsEarly(): void {
  const subscriptions = prototypeOf<SubscriptionState>('consumer/subscriptionState')
  if (patched in subscriptions) return
  Object.assign(subscriptions, { [patched]: true })
  const resume = subscriptions.resume
  subscriptions.resume = function (topicPartitions) {
    resume.call(this, topicPartitions)
    for (const wake of [...asleep]) wake()
  }

  const groups = prototypeOf<ConsumerGroup>('consumer/consumerGroup')
  const fetch = groups.fetch
  groups.fetch = function (nodeId) {
    const ends = fetching.get(this) ?? new Set()
    fetching.set(this, ends)
    return new Promise((resolve, reject) => {
      const end = () => resolve([])
      ends.add(end)
      fetch
        .call(this, nodeId)
        .finally(() => ends.delete(end))
        .then(resolve, reject)
    })
  }

  const runners = prototypeOf<Runner>('consumer/runner')
  const stop = runners.stop
  runners.stop = function () {
    const stopped = stop.call(this)
    for (const end of fetching.get(this.consumerGroup) ?? []) end()
    return stopped
  }
}

function prototypeOf<T extends object>(file: string): T {
  return (require(`kafkajs/src/${file}.js`) as { prototype: T }).prototype
}
