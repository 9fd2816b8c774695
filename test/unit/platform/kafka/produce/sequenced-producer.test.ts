import { type Connection, NetworkError } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { SequencedProducer } from '../../../../../services/platform/kafka/produce/sequenced-producer.ts'
import type { ProducerCluster, TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import type {
  ProducerIdentity,
  SendProduce,
  SequencedBatch,
} from '../../../../../services/platform/kafka/wire/produce-protocol.ts'
import { type Clock, systemClock } from '../../../../../services/platform/runtime/clock.ts'

const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal) }
const topic = 't'
const outOfOrder = 45

/** One broker that knows sequence numbers as Kafka does, and whose answers may be lost. */
class FakeBroker implements ProducerCluster {
  readonly logs: string[][] = [[], [], []]
  readonly requests: number[][] = []
  /** What becomes of the next requests; 'lost' means that the records are written and the answer is not received. */
  faults: ('lost' | 'forgotten')[] = []
  #identities = 0
  readonly #written = new Map<string, { sequence: number; count: number; baseOffset: number }>()

  async metadata(): Promise<Map<string, TopicState>> {
    const leaders = this.logs.map(() => ({ nodeId: 1, epoch: 0 }))
    return new Map([[topic, { id: 'a', leaders, fault: null }]])
  }

  connection = async () => ({ close: async () => {} }) as unknown as Connection
  describe = () => 'broker 1'
  distrust = () => {}
  askAny = async <T>() => ({ errorCode: 0, producerId: BigInt(this.#identities++), producerEpoch: 0 }) as T

  send: SendProduce = async (_connection, identity, batches) => {
    const fault = this.faults.shift()
    if (fault === 'forgotten') this.#written.clear()
    this.requests.push(batches.map(({ partition }) => partition))
    const results = batches.map((batch) => this.#write(identity, batch, fault === 'forgotten'))
    if (fault === 'lost') throw new NetworkError('Connection closed')
    return results
  }

  #write({ id }: ProducerIdentity, { partition, sequence, records }: SequencedBatch, isForgotten: boolean) {
    const key = `${id} ${partition}`
    const latest = this.#written.get(key)
    const result = { topic, partition, errorCode: 0, baseOffset: latest?.baseOffset ?? 0 }
    if (latest?.sequence === sequence && latest.count === records.length) return result
    if (isForgotten || sequence !== (latest ? latest.sequence + latest.count : 0))
      return { ...result, errorCode: outOfOrder }
    const log = this.logs[partition] ?? []
    const baseOffset = log.length
    log.push(...records.map(({ value }) => String(value)))
    this.#written.set(key, { sequence, count: records.length, baseOffset })
    return { ...result, baseOffset }
  }
}

async function open(broker: FakeBroker): Promise<SequencedProducer> {
  const fail = (error: unknown) => {
    throw error
  }
  return SequencedProducer.open(broker, { clock, send: broker.send, fail })
}

const values = (count: number) => Array.from({ length: count }, (_unused, index) => `v${index}`)

test('records whose acknowledgement was lost are written once, and get the offsets that they have', async () => {
  const broker = new FakeBroker()
  await using producer = await open(broker)
  const offsets: number[] = []
  for (const value of values(20)) {
    if (Number(value.slice(1)) % 3 === 0) broker.faults.push('lost')
    offsets.push(await producer.send(topic, 0, { key: null, value }))
  }
  expect(broker.logs[0]).toEqual(values(20))
  expect(offsets).toEqual(offsets.map((_offset, index) => index))
})

test('a producer whose sequence numbers the broker has lost goes on under a new id', async () => {
  const broker = new FakeBroker()
  await using producer = await open(broker)
  const send = (value: string) => producer.send(topic, 0, { key: null, value })
  await send('v0')
  broker.faults.push('forgotten')
  await Promise.all(['v1', 'v2'].map(send))
  await send('v3')
  expect(broker.logs[0]).toEqual(values(4))
})

test('a partition with much to write does not keep others out of the next request', async () => {
  const broker = new FakeBroker()
  await using producer = await open(broker)
  const large = 'x'.repeat(900_000)
  const flood = Array.from({ length: 10 }, () => producer.send(topic, 0, { key: null, value: large }))
  await Promise.all([1, 2].map((partition) => producer.send(topic, partition, { key: null, value: 'small' })))
  await Promise.all(flood)
  expect(broker.requests.slice(0, 2)).toEqual([[0], [1, 2, 0]])
})
