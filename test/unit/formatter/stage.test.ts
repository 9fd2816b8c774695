import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../services/domain/event/event.ts'
import { decide, type NotificationDecision } from '../../../services/formatter/decide-notification.ts'
import { createFormatterMetrics } from '../../../services/formatter/metrics.ts'
import { FormatterStage } from '../../../services/formatter/stage.ts'
import type { Decoded } from '../../../services/platform/avro/codec.ts'
import type { Assignment, Commit, ConsumedRecord, RecordBatch } from '../../../services/platform/kafka/consumer.ts'
import { Patience } from '../../../services/platform/kafka/patience.ts'
import { RecordFaults } from '../../../services/platform/runtime/record-faults.ts'
import { WaitAbandoned } from '../../../services/platform/runtime/retry-until.ts'
import type { EventSource } from '../../../services/topics/events/event-source.ts'
import { messageEvent } from '../../support/sample-events.ts'
import { definition } from './samples.ts'

const assignment: Assignment = { partitions: new Map(), current: true, fresh: true }

const silent = { error: () => {} }

/** Values of records say how they are read; any other is an event with that id. */
const schema = 'schema:'

function batchOf(values: (string | null)[], over: Partial<RecordBatch> = {}): RecordBatch {
  const records = values.map((value, index): ConsumedRecord => {
    const bytes = value === null ? null : Buffer.from(value)
    return { topic: 'messages', partition: 3, offset: 10 + index, key: null, value: bytes, headers: {}, timestampMs: 0 }
  })
  const nextOffset = 10 + values.length
  const batch = { topic: 'messages', partition: 3, records, highWatermark: 20, nextOffset, assignment }
  return { ...batch, ...over }
}

/** A stage that writes down calls of its edges; `settle` answers for the schemas that are not known yet. */
function stageWith({ account = true, output = 'delivered' as 'delivered' | 'oversize', room = true } = {}) {
  const log: string[] = []
  const commits: Commit[] = []
  const stopping = new AbortController()
  const registry = new Registry()
  const waiting = Promise.withResolvers<Decoded<Event>>()
  const acknowledged = Promise.withResolvers<void>()
  let outOfPatience = () => {}
  const source: EventSource = {
    type: 'message',
    read: (bytes) => {
      const text = bytes.toString()
      if (text === 'poison') return { ok: false, reason: 'poison' }
      return text.startsWith(schema) ? waiting.promise : { ok: true, value: messageEvent({ eventId: text }) }
    },
  }
  const decideEvent = (event: Event): NotificationDecision =>
    decide(
      event,
      { findOwner: () => ({ definition: definition(), offset: 1 }), account: () => ({ webhooksEnabled: account }) },
      { traceparent: null, publishedAt: null },
      0,
    )
  const stage = new FormatterStage({
    sources: new Map([['messages', source]]),
    decide: decideEvent,
    output: {
      deliver: async (_record, { eventId }) => {
        log.push(`deliver ${eventId}`)
        await acknowledged.promise
        return output
      },
      setAside: async (reason, _record, detail) => {
        log.push(`${reason} ${detail}`)
        await acknowledged.promise
      },
    },
    faults: new RecordFaults({
      clock: { sleep: async () => {} },
      log: silent as never,
      fail: (error) => log.push(`fail ${error}`),
    }),
    observe: () => {},
    hasRoom: () => room,
    finished: (_assignment, commit) => commits.push(commit),
    patience: new Patience({
      pause: (topic, partition) => log.push(`pause ${topic} ${partition}`),
      resume: (topic, partition) => log.push(`resume ${topic} ${partition}`),
      clock: {
        sleep: (_ms, signal) =>
          new Promise((resolve) => {
            outOfPatience = resolve
            signal?.addEventListener('abort', () => resolve())
          }),
      },
      stopping: stopping.signal,
    }),
    unreadable: () => {},
    metrics: createFormatterMetrics([registry]),
    stopping: stopping.signal,
  })
  const metric = async (name: string, label: string): Promise<number | undefined> => {
    const { values } = (await registry.getSingleMetric(`hookline_formatter_${name}`)?.get()) ?? { values: [] }
    return values.find(({ labels }) => Object.values(labels).map(String).includes(label))?.value
  }
  return { stage, log, commits, stopping, waiting, acknowledged, metric, outOfPatience: () => outOfPatience() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('deliveries are produced in offset order, and an offset is finished only when all of it is acknowledged', async () => {
  const { stage, log, commits, acknowledged } = stageWith()
  expect(await stage.takeBatch(batchOf(['a', 'poison', 'b', null, 'c']))).toBe(5)
  expect(log).toEqual(['deliver a', 'unreadable poison', 'deliver b', 'deliver c'])
  expect(commits).toEqual([])
  acknowledged.resolve()
  await stage.drain()
  expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 15 }])
})

test('a batch without deliveries waits for the batch before it', async () => {
  const { stage, commits, acknowledged } = stageWith()
  await stage.takeBatch(batchOf(['a']))
  await stage.takeBatch(batchOf([null]))
  await turn()
  expect(commits).toEqual([])
  acknowledged.resolve()
  await stage.drain()
  expect(commits).toHaveLength(2)
})

test('while there is no room, nothing is taken until earlier records are acknowledged', async () => {
  const { stage, log, acknowledged } = stageWith({ room: false })
  const taking = stage.takeBatch(batchOf(['a'])).then(() => log.push('taken'))
  await turn()
  expect(log).toEqual(['deliver a'])
  acknowledged.resolve()
  await taking
  expect(log).toEqual(['deliver a', 'taken'])
})

test('every record read is counted, and once more by its outcome', async () => {
  const { stage, acknowledged, metric } = stageWith()
  acknowledged.resolve()
  await stage.takeBatch(batchOf(['a', 'poison', null, 'b']))
  await stage.drain()
  expect(await metric('events_total', 'message')).toBe(4)
  expect(await metric('deliveries_total', 'message')).toBe(2)
  expect(await metric('dead_letters_total', 'unreadable')).toBe(1)
  expect(await metric('skipped_total', 'tombstone')).toBe(1)
  expect(await metric('lag_records', '3')).toBe(6)
})

test('an event that notifies no webhook is finished and counted by its reason', async () => {
  const { stage, log, commits, metric } = stageWith({ account: false })
  expect(await stage.takeBatch(batchOf(['a', 'b']))).toBe(2)
  await stage.drain()
  expect(log).toEqual([])
  expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 12 }])
  expect(await metric('skipped_total', 'not-activated')).toBe(2)
  expect(await metric('skipped_total', 'unwanted')).toBe(0)
})

test('a notification that is too large is counted as a dead letter', async () => {
  const { stage, acknowledged, metric } = stageWith({ output: 'oversize' })
  acknowledged.resolve()
  await stage.takeBatch(batchOf(['a']))
  await stage.drain()
  expect(await metric('dead_letters_total', 'oversize')).toBe(1)
  expect(await metric('deliveries_total', 'message')).toBe(0)
})

describe('a schema that is not known yet', () => {
  test('records with an unknown schema are waited for, in order', async () => {
    const { stage, log, acknowledged, waiting } = stageWith()
    acknowledged.resolve()
    const taking = stage.takeBatch(batchOf(['a', `${schema}7`, 'b']))
    await turn()
    expect(log).toEqual(['deliver a'])
    waiting.resolve({ ok: true, value: messageEvent({ eventId: 'late' }) })
    expect(await taking).toBe(3)
    expect(log).toEqual(['deliver a', 'deliver late', 'deliver b'])
  })

  test('an unknown schema delays only its own partition, until it is known', async () => {
    const { stage, log, commits, acknowledged, waiting, outOfPatience } = stageWith()
    acknowledged.resolve()
    const taking = stage.takeBatch(batchOf(['a', `${schema}7`, 'b']))
    await turn()
    outOfPatience()
    expect(await taking).toBe(1)
    await turn()
    expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 11 }])
    expect(log).toEqual(['deliver a', 'pause messages 3'])
    waiting.resolve({ ok: true, value: messageEvent() })
    await turn()
    expect(log).toEqual(['deliver a', 'pause messages 3', 'resume messages 3'])
  })

  test('an unknown schema does not prevent a shutdown: earlier records are finished, the rest is left', async () => {
    const { stage, commits, acknowledged, stopping, waiting } = stageWith()
    acknowledged.resolve()
    const taking = stage.takeBatch(batchOf(['a', `${schema}7`, 'b']))
    await turn()
    stopping.abort()
    waiting.reject(new WaitAbandoned('no answer'))
    expect(await taking).toBe(1)
    await turn()
    expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 11 }])
  })

  test('an exception while a record with a late schema is read sets the record aside', async () => {
    const { stage, log, commits, acknowledged, waiting } = stageWith()
    acknowledged.resolve()
    const taking = stage.takeBatch(batchOf(['a', `${schema}7`, 'b']))
    waiting.reject(new Error('a bug'))
    expect(await taking).toBe(3)
    await stage.drain()
    expect(log).toEqual(['deliver a', 'deliver b', 'fault reading the event with a schema from the registry: a bug'])
    expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 13 }])
  })
})

test('during a shutdown nothing new begins, and what has begun is waited for', async () => {
  const { stage, log, commits, acknowledged, stopping } = stageWith()
  const taking = stage.takeBatch(batchOf(['a']))
  await turn()
  stopping.abort()
  expect(await stage.takeBatch(batchOf(['b'], { partition: 4 }))).toBe(0)
  const drained = stage.drain().then(() => log.push('drained'))
  await turn()
  expect(log).toEqual(['deliver a'])
  acknowledged.resolve()
  await drained
  expect(await taking).toBe(1)
  expect(log).toEqual(['deliver a', 'drained'])
  expect(commits).toEqual([{ topic: 'messages', partition: 3, offset: 11 }])
})
