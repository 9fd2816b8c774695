import type { Codec } from '../../platform/avro/codec.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { TopicTable } from '../../platform/kafka/readers/table.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { type SessionMark, SessionMarks } from './session-marks.ts'

export type SessionMarksDeps = {
  use: TopicUse
  codec: Codec
  producer: Pick<BatchingProducer, 'send'>
  fail: (error: unknown) => void
}

/** webhook-sessions has one partition, so that of two marks of the same token one is first. */
const partition = 0

/** Opens webhook-sessions. Resolves once it has been read to its end. */
export async function openSessionMarks(
  kafka: Kafka,
  { use, codec, producer, fail }: SessionMarksDeps,
  context: WaitContext,
): Promise<{ marks: SessionMarks; table: AsyncDisposable }> {
  const topic = use.write(topics.webhookSessions)
  const encode = await codec.encoder<SessionMark>(
    use.subject(topics.webhookSessions),
    readSchema(topics.webhookSessions),
  )
  const marks = new SessionMarks(async (key, mark) => {
    const { offset } = await producer.send({ topic, partition, key, value: encode(mark) })
    if (offset === null) throw new Error('Kafka acknowledged a record of a chosen partition without its offset')
    await table.reached(partition, offset + 1)
    return offset
  })
  const onRecord = marks.onRecord.bind(marks)
  const options = { topic: use.read(topics.webhookSessions), onRecord, fail }
  const table: TopicTable = await TopicTable.open(kafka, options, context)
  return { marks, table }
}
