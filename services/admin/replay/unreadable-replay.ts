import type { UnreadReplayed } from '../../domain/api/traffic.ts'
import type { DeadLetter } from '../../domain/delivery/delivery.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import { compileSchema } from '../../platform/json/json-schema.ts'
import type { OutgoingRecord } from '../../platform/kafka/produce/producer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { type Topic, topics } from '../../topics/map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { failures } from '../http/problem-answers.ts'
import { accepted } from '../http/refusals.ts'
import type { Answer, ApiRoute, Call } from '../http/routes.ts'
import { object, type Properties } from '../http/schema-parts.ts'
import type { ReadPool } from '../records/read-pool.ts'
import type { Reader, Source } from '../records/webhook-records.ts'

export type UnreadReplayDeps = {
  use: TopicUse
  letters: Source<DeadLetter>
  scans: Pick<ReadPool, 'run'>
  send: (record: OutgoingRecord) => Promise<unknown>
  /** Resolves when Kafka has the entry. */
  audit: (entry: AuditEntry) => Promise<unknown>
  clock: Pick<Clock, 'nowMs'>
  log: Logger
}

type Body = { topic: string; since: string; until?: string; dryRun: boolean }

/** Topics whose records can become dead letters `unreadable` or `fault`: those that services consume record by record. */
const sources = Object.values<Topic>(topics)
  .filter(({ partitions, cleanup }) => partitions === 'data' && cleanup.policy === 'delete')
  .filter((topic) => topic !== topics.webhookDeadLetters && topic !== topics.webhookTests)
const sourceTopics = sources.map(({ name }) => name)

const body = {
  type: 'object',
  additionalProperties: false,
  required: ['topic', 'since'],
  properties: {
    topic: { type: 'string', enum: sourceTopics, description: 'That the records were read from.' },
    since: { type: 'string', format: 'date-time', description: 'Those set aside from this time on.' },
    until: { type: 'string', format: 'date-time', description: 'Those set aside before this time; now when left out.' },
    dryRun: { type: 'boolean', default: false, description: 'Writes nothing: only counts.' },
  },
}

const result = object({
  count: { type: 'integer', description: 'Records written to their topic again.' },
} satisfies Properties<UnreadReplayed>)

const checkBody = compileSchema<Body>(body)
/** Records on their way to Kafka at a time. */
const chunkLength = 1_000
/** All businesses: the share of operators in the reads of topics. */
const everybody = '*'

/**
 * Sends records that could not be read or handled through their topic again, after the fault is mended: the same key, bytes and
 * partition. What they lead to has the ids that it would have had, so that nothing is delivered twice for it.
 */
export function unreadReplayRoutes(deps: UnreadReplayDeps): ApiRoute[] {
  return [
    {
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
        body,
        response: {
          200: { description: 'Written, or counted.', content: { 'application/json': { schema: result } } },
          ...failures(422),
        },
      },
      handle: (call) => replayUnread(deps, call),
    },
  ]
}

async function replayUnread(deps: UnreadReplayDeps, { body, identity, ended }: Call): Promise<Answer> {
  const { scans, audit, clock, log } = deps
  const checked = checkBody(body)
  const { topic, since, until, dryRun } = accepted(
    checked.ok ? { kind: 'accepted', value: checked.value } : { kind: 'invalid', problems: checked.problems },
  )
  const nowMs = clock.nowMs()
  const window = { topic, sinceMs: Date.parse(since), untilMs: until === undefined ? nowMs : Date.parse(until) }
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
  log.info({ ...window, count, dryRun, subject }, 'unread records sent through their topic again')
  return { status: 200, body: { count } satisfies UnreadReplayed }
}

function nameOf(use: TopicUse, name: string): string {
  const topic = sources.find((source) => source.name === name)
  if (!topic) throw new Error(`no records are sent through ${name} again`)
  return use.write(topic)
}

async function forEachLetter(
  { use, letters, send }: UnreadReplayDeps,
  reader: Reader,
  { topic, sinceMs, untilMs }: { topic: string; sinceMs: number; untilMs: number },
  dryRun: boolean,
): Promise<number> {
  const name = nameOf(use, topic)
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

/** A dead letter that cannot be read has one of its own, by the stats-aggregator. */
function ignore(): void {}
