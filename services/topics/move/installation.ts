import { Codec, createRegistry } from '../../platform/avro/codec.ts'
import { createKafka, type Kafka } from '../../platform/kafka/client.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import type { TopicsConfig } from '../config.ts'
import { topicName } from '../schemas.ts'
import { type Topic, topics } from '../topic-map.ts'
import { movedTopics } from './moved-topics.ts'

const readTopics: readonly Topic[] = [...movedTopics, topics.webhookHealth]
/** Limits the memory of a move: a dead letter may have 4 MiB, and most have 2 KB. */
const chunkRecords = 500

/** The topics of one prefix in one cluster, to read from. */
export class Installation implements AsyncDisposable {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly prefix: string
  readonly #reader: RangeReader

  private constructor(kafka: Kafka, codec: Codec, prefix: string, reader: RangeReader) {
    this.kafka = kafka
    this.codec = codec
    this.prefix = prefix
    this.#reader = reader
  }

  static async open(
    config: TopicsConfig,
    context: WaitContext,
    fail: (error: unknown) => never,
  ): Promise<Installation> {
    const kafka = createKafka(config, context.log)
    const prefix = config.HOOKLINE_TOPIC_PREFIX
    const options = {
      topics: readTopics.map((topic) => topicName(topic, prefix)),
      fail,
    }
    const reader = await RangeReader.open(kafka, options, context)
    return new Installation(kafka, new Codec(createRegistry(config), context), prefix, reader)
  }

  name(topic: Topic): string {
    return topicName(topic, this.prefix)
  }

  ends(topic: Topic): ReturnType<RangeReader['ends']> {
    return this.#reader.ends(this.name(topic))
  }

  /**
   * Hands every record that is there now to `take`, in the order of each partition, some at a time: the next ones are
   * read when it is done with those before.
   */
  async read(topic: Topic, take: (records: ConsumedRecord[]) => Promise<unknown>): Promise<void> {
    for (const { partition, low, high } of await this.ends(topic))
      for (let from = low; from < high; from += chunkRecords) {
        const records: ConsumedRecord[] = []
        const to = Math.min(from + chunkRecords, high)
        await this.#reader.read(this.name(topic), partition, from, to, (record) => void records.push(record))
        await take(records)
      }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader[Symbol.asyncDispose]()
  }
}
