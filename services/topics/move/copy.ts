import { decidedOn, decidedOnHeader } from '../../config-topics/config-headers.ts'
import { NewestRecords } from '../../domain/definition/newest-records.ts'
import type { WebhookStats } from '../../domain/stats/stats.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { choosePartition } from '../../platform/kafka/partitioning/key-partition.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { readSchema, subjectName } from '../schemas.ts'
import { type Topic, topics } from '../topic-map.ts'
import type { Installation } from './installation.ts'

/** Copies what has to be kept into the topics of another installation. @returns records written, by topic. */
export async function copyRecords(
  source: Installation,
  target: Installation,
  producer: Pick<BatchingProducer, 'send'>,
): Promise<Map<string, number>> {
  const copies = [copyDefinitions(topics.webhookConfig), copyDefinitions(topics.accountConfig), copyStats, copyLetters]
  const written = new Map<string, number>()
  for (const copy of copies) {
    const [topic, count] = await copy(source, target, producer)
    written.set(topic.name, count)
  }
  return written
}

type Copy = (
  source: Installation,
  target: Installation,
  producer: Pick<BatchingProducer, 'send'>,
) => Promise<[Topic, number]>

/**
 * The records that count, in their order, so that the same definitions are in force: a last record that is not valid
 * has the one before it. Offsets mean nothing in the new topic, so no record names the one that it was decided on.
 */
function copyDefinitions(topic: Topic): Copy {
  return async (source, target, producer) => {
    const newest = new NewestRecords()
    let count = 0
    await source.read(topic, async (records) => {
      const counting = records.filter((record) =>
        newest.take(record.key?.toString('utf8') ?? '', record.offset, decidedOn(record), record.value === null),
      )
      const sends = counting.map(({ key, value, headers }) =>
        producer.send({ topic: target.name(topic), key, value, headers: otherHeaders(headers) }),
      )
      count += (await Promise.all(sends)).length
    })
    return [topic, count]
  }
}

function otherHeaders(headers: ConsumedRecord['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value
      return name === decidedOnHeader || first === undefined ? [] : [[name, first.toString()]]
    }),
  )
}

/** The counts of each webhook. They reflect nothing of the new webhook-attempts, whose attempts are added to them. */
const copyStats: Copy = async (source, target, producer) => {
  const topic = topics.webhookStats
  const decode = source.codec.decoder<WebhookStats>(readSchema(topic))
  const encode = await target.codec.encoder<WebhookStats>(subjectName(topic, target.prefix), readSchema(topic))
  const partitions = (await target.ends(topic)).length
  const best = new Map<string, WebhookStats>()
  await source.read(topic, async (records) => {
    for (const { key, value } of records) {
      const id = key?.toString('utf8') ?? ''
      const read = value && (await decode(value))
      if (value === null) best.delete(id)
      // The state with the highest source offset is the newest one (stats-aggregator/stored/stored-states.ts).
      else if (read?.ok && read.value.source.offset >= (best.get(id)?.source.offset ?? -1)) best.set(id, read.value)
    }
  })
  for (const [key, stats] of best) {
    const source = { partition: choosePartition(key, partitions), offset: -1, logId: null }
    await producer.send({ topic: target.name(topic), key, value: encode({ ...stats, source }) })
  }
  return [topic, best.size]
}

/** Dead letters, so that they can be replayed. The new stats-aggregator counts them. */
const copyLetters: Copy = async (source, target, producer) => {
  const topic = topics.webhookDeadLetters
  const decode = source.codec.decoder<object>(readSchema(topic))
  const encode = await target.codec.encoder<object>(subjectName(topic, target.prefix), readSchema(topic))
  let count = 0
  await source.read(topic, async (records) => {
    const sends: Promise<unknown>[] = []
    for (const { key, value } of records) {
      const read = value && (await decode(value))
      if (read?.ok) sends.push(producer.send({ topic: target.name(topic), key, value: encode(read.value) }))
    }
    count += (await Promise.all(sends)).length
  })
  return [topic, count]
}
