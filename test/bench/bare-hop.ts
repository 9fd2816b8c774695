import { Kafka, logLevel } from 'kafkajs'
import { Pool } from 'undici'

/**
 * One hop of the bare chain that `latency` compares with: kafkajs and undici, nothing else. Two of them stand for
 * formatter and dispatcher without their work. Arguments: brokers, topic, group, and the destination: an http: URL or
 * another topic.
 */
const [brokers = '', topic = '', groupId = '', to = ''] = process.argv.slice(2)
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250 })

type Hop = { key: Buffer | null; value: Buffer | null; id: string }

/** Partitioned as webhook-deliveries is: by channel, and therefore by webhook. */
async function forwarder(): Promise<(records: Hop[]) => Promise<unknown>> {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return (records) => {
    const messages = records.map(({ key, value, id }) => ({
      key: key?.toString().split(':')[0] ?? null,
      value,
      headers: { id },
    }))
    return producer.send({ topic: to, messages })
  }
}

function poster(): (records: Hop[]) => Promise<unknown> {
  const target = new URL(to)
  const pool = new Pool(target.origin, { connections: 64, pipelining: 1 })
  const post = async ({ value, id }: Hop) => {
    const headers = { 'content-type': 'application/json', 'webhook-id': id }
    const answer = await pool.request({ method: 'POST', path: target.pathname, headers, body: value })
    await answer.body.dump()
  }
  return (records) => Promise.all(records.map(post))
}

const hand = to.startsWith('http:') ? poster() : await forwarder()
process.on('SIGTERM', () => process.exit(0))
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  autoCommit: true,
  autoCommitInterval: 200,
  partitionsConsumedConcurrently: 64,
  eachBatch: async ({ batch }) => {
    await hand(batch.messages.map(({ key, value, headers }) => ({ key, value, id: String(headers?.id) })))
  },
})
