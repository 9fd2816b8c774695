import { Kafka, logLevel } from 'kafkajs'
import { Pool } from 'undici'

/**
 * The reference of `limit`: a kafkajs consumer and an undici Pool with 64 requests in flight, nothing else. Arguments:
 * brokers, topic, group, URL.
 */
const [brokers = '', topic = '', groupId = '', url = ''] = process.argv.slice(2)
const maxInFlight = 64
const target = new URL(url)
const pool = new Pool(target.origin, { connections: maxInFlight, pipelining: 1 })
const consumer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).consumer({
  groupId,
  maxWaitTimeInMs: 100,
})

let inFlight = 0
const waiting: (() => void)[] = []

async function post(body: Buffer): Promise<void> {
  inFlight++
  const answer = await pool.request({
    method: 'POST',
    path: target.pathname,
    headers: { 'content-type': 'application/json' },
    body,
  })
  await answer.body.dump()
  inFlight--
  waiting.shift()?.()
}

process.on('SIGTERM', () => process.exit(0))
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  autoCommit: true,
  autoCommitInterval: 500,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) {
      while (inFlight >= maxInFlight) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      if (value) void post(value)
    }
  },
})
