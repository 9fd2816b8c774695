import { projection } from '../../platform/avro/avro-projection.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import type { GroupMembership, KafkaAccess } from '../../platform/kafka/access/kafka-access.ts'
import { Patience } from '../../platform/kafka/patience.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import type { RecordFaults } from '../../platform/runtime/record-faults.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { learnSchemas, readSchema } from '../../topics/schemas.ts'
import type { Topic } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { StageMetrics } from '../metrics.ts'
import { StateWriter } from '../stored/state-writer.ts'
import { type StateHead, StoredTopic } from '../stored/stored-topic.ts'
import type { FoldRules, FoldState } from './fold-rules.ts'
import { FoldStage, type FoldStageEdges } from './stage.ts'

export type FoldContext = WaitContext & {
  kafka: Pick<KafkaAccess, 'openTable'>
  codec: Codec
  producer: Pick<BatchingProducer, 'send'>
  use: TopicUse
  /** Called when the first commit is due. */
  consumer: () => Pick<GroupMembership, 'commit' | 'pause' | 'resume'>
  faults: RecordFaults
  deadLetter: FoldStageEdges<unknown, FoldState>['deadLetter']
  stopping: AbortSignal
  fail: (error: unknown) => void
}

/** One fold: its source, its rules, and the topic of its states. */
export type FoldSetup<V, S extends FoldState, R> = {
  source: Topic
  rules: FoldRules<V, S>
  states: Topic
  toRecord: (state: S, nowMs: number) => R
  /** The part of a record that is written if Kafka refuses the whole; null if there is none. */
  reduced: ((record: R) => R) | null
  toState: (record: R) => S
  /** Resolves once what a state reflects is in the other topics that it must be in; null if there are none. */
  beforeWrite: ((state: S) => Promise<void>) | null
  metrics: StageMetrics<V>
  /** Topic id of the log of `source`. */
  sourceLogId: string | null
}

/** Resolves once the stored states have been read to their end. */
export async function openFold<V, S extends FoldState, R extends StateHead>(
  { source, rules, states, toRecord, reduced, toState, beforeWrite, metrics, sourceLogId }: FoldSetup<V, S, R>,
  context: FoldContext,
): Promise<{ topic: string; stage: FoldStage<V, S>; stored: StoredTopic<R> }> {
  const { kafka, codec, producer, use, consumer, faults, deadLetter, clock, stopping, fail } = context
  const topic = use.read(source)
  const statesTopic = use.write(states)
  await learnSchemas(codec, [source], use.prefix)
  const encode = await codec.encoder<R>(use.subject(states), readSchema(states))
  const decode = codec.decoder<R>(readSchema(states))
  const decodeHead = codec.decoder<StateHead>(projection(readSchema(states), ['webhookId', 'source']))
  const stored = await StoredTopic.open(
    kafka,
    { topic: use.read(states), decode, decodeHead, sourceLogId, fail },
    context,
  )
  const record = (state: S) => {
    const made = toRecord(state, clock.nowMs())
    return { ...made, source: { ...made.source, logId: sourceLogId } }
  }
  const writer = new StateWriter<S>({
    topic: statesTopic,
    encode: (state) => encode(record(state)),
    encodeReduced: reduced && ((state) => encode(reduced(record(state)))),
    beforeWrite,
    send: producer.send.bind(producer),
    faults,
  })
  const stage = new FoldStage<V, S>({
    topic,
    decode: codec.decoder<V>(readSchema(source)),
    rules,
    stored: {
      best(partition, webhookId) {
        const record = stored.best(partition, webhookId)
        return record && toState(record)
      },
      sourceOffset: (partition, webhookId) => stored.states.best(partition, webhookId)?.sourceOffset,
      outdated: (partition) => stored.states.outdated(partition),
      caughtUp: () => stored.caughtUp(),
    },
    write: (state) => writer.write(state),
    deadLetter,
    faults,
    commit: (assignment, commits) => consumer().commit(assignment, commits),
    metrics,
    patience: new Patience({
      clock,
      stopping,
      pause: (topic, partition) => consumer().pause(topic, partition),
      resume: (topic, partition) => consumer().resume(topic, partition),
    }),
  })
  return { topic, stage, stored }
}
