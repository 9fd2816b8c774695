import Type from 'typebox'
import { choice, time } from '../../domain/api/parts.ts'
import { UnreadReplayed } from '../../domain/api/traffic.ts'
import { withDefaults } from '../../domain/definition/definition.ts'
import type { DeadLetter } from '../../domain/delivery/delivery.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import { readTimeMs } from '../../platform/json/time.ts'
import type { OutgoingRecord } from '../../platform/kafka/produce/producer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { type ApiResponse, type ApiRoute, bodyReader, type Call, route } from '../http/route.ts'
import type { ReadPool } from '../records/read-pool.ts'
import type { Reader, TopicSource } from '../records/webhook-records.ts'

export type UnreadReplayDeps = {
  use: TopicUse
  letters: TopicSource<DeadLetter>
  scans: Pick<ReadPool, 'run'>
  send: (record: OutgoingRecord) => Promise<unknown>
  /** Resolves once Kafka has the entry. @throws HttpProblem 503. */
  audit: (entry: AuditEntry) => Promise<unknown>
  clock: Pick<Clock, 'nowMs'>
  log: Logger
}

/** Topics of data without dead letters of their records. */
const withoutLetters: string[] = [topics.webhookDeadLetters, topics.webhookTests, topics.webhookAlerts].map(
  ({ name }) => name,
)
/** Topics whose records can become dead letters `unreadable` or `fault`: those consumed record by record. */
const sources = Object.values<Topic>(topics)
  .filter(({ partitions, cleanup }) => partitions === 'data' && cleanup.policy === 'delete')
  .filter(({ name }) => !withoutLetters.includes(name))
const sourceTopics = sources.map(({ name }) => name)

const Body = withDefaults(
  {
    topic: choice(sourceTopics, 'The topic that the records were read from.'),
    since: time('Those set aside from this time on.'),
    until: Type.Optional(time('Those set aside before this time; now when left out.')),
    dryRun: Type.Boolean({ default: false, description: 'Writes nothing: only counts.' }),
  },
  { additionalProperties: false },
)

const readBody = bodyReader(Body)
/** Maximum records in flight to Kafka. */
const chunkLength = 1_000
/** Key of operators in the read pool, because the request concerns all businesses. */
const everybody = '*'

/**
 * Writes records that could not be read or handled to their topic again, once the fault is fixed: with the same key, bytes and
 * partition. Their notifications have the same ids as they would have had, so nothing is delivered twice.
 */
export function unreadReplayRoutes(deps: UnreadReplayDeps): ApiRoute[] {
  return [
    route({
      operationId: 'replayUnread',
      method: 'POST',
      url: '/api/v1/unread/replay',
      permission: 'operations:write',
      schema: {
        tags: ['replay'],
        summary: 'Send records that could not be read or handled through their topic again',
        description:
          'For operators: dead letters `unreadable` and `fault` of all businesses, by topic and time. The same key and bytes go ' +
          'to the same partition. A record that fails again becomes a new dead letter.',
        body: Body,
        answers: { 200: { description: 'Written, or counted.', schema: UnreadReplayed } },
      },
      handle: (call) => replayUnread(deps, call),
    }),
  ]
}

async function replayUnread(
  deps: UnreadReplayDeps,
  { body, identity, ended }: Call,
): Promise<ApiResponse<200, UnreadReplayed>> {
  const { scans, audit, clock, log } = deps
  const { topic, since, until, dryRun } = readBody(body)
  const nowMs = clock.nowMs()
  const window = { topic, sinceMs: readTimeMs(since), untilMs: until === undefined ? nowMs : readTimeMs(until) }
  const { subject } = identity
  if (!dryRun)
    await audit({
      id: `unread/${topic}/${nowMs}`,
      at: nowMs,
      businessId: everybody,
      subject,
      action: 'unread.replay',
      webhookId: null,
      webhookName: null,
      version: null,
      changes: [{ field: topic, from: JSON.stringify(since), to: until === undefined ? null : JSON.stringify(until) }],
    })
  const count = await scans.run(everybody, ended, (reader) => forEachLetter(deps, reader, window, dryRun))
  log.info({ ...window, count, dryRun, subject }, 'unread records written to their topic again')
  return { status: 200, body: { count } }
}

function toTopicName(use: TopicUse, name: string): string {
  const topic = sources.find((source) => source.name === name)
  if (!topic) throw new Error(`records of ${name} cannot be written again`)
  return use.write(topic)
}

async function forEachLetter(
  { use, letters, send }: UnreadReplayDeps,
  reader: Reader,
  { topic, sinceMs, untilMs }: { topic: string; sinceMs: number; untilMs: number },
  dryRun: boolean,
): Promise<number> {
  const name = toTopicName(use, topic)
  const offsets = await reader.offsetsAt(letters.topic, sinceMs)
  let count = 0
  for (const { partition, high } of await reader.ends(letters.topic)) {
    const end = high
    for (let from = offsets.get(partition) ?? 0; from < end; from += chunkLength) {
      const found: OutgoingRecord[] = []
      const decoder = new OrderedDecoder(letters.decode)
      await reader.read(letters.topic, partition, from, Math.min(end, from + chunkLength), ({ value }) => {
        if (value)
          decoder.push(
            value,
            ({ reason, deadLetteredAt, source }) => {
              const isUnread = reason === 'unreadable' || reason === 'fault'
              const isMeant = isUnread && source.topic === name && deadLetteredAt >= sinceMs && deadLetteredAt < untilMs
              if (!isMeant || source.value === null) return
              found.push({ topic: name, partition: source.partition, key: source.key, value: source.value })
            },
            ignore,
          )
      })
      await decoder.done()
      count += found.length
      if (!dryRun) await Promise.all(found.map(send))
    }
  }
  return count
}

/** A dead letter that cannot be read itself; stats-aggregator has made another one of it. */
function ignore(): void {}
