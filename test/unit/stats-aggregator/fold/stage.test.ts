import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { Assignment, RecordBatch } from '../../../../services/platform/kafka/consumer.ts'
import { createMetrics } from '../../../../services/platform/runtime/metrics.ts'
import { RecordFaults } from '../../../../services/platform/runtime/record-faults.ts'
import {
  attemptRules,
  type CountedAttempt,
  type StatsState,
} from '../../../../services/stats-aggregator/counting/attempts.ts'
import { FoldStage, type FoldStageEdges } from '../../../../services/stats-aggregator/fold/stage.ts'
import { createStatsMetrics } from '../../../../services/stats-aggregator/metrics.ts'
import { StoredStates } from '../../../../services/stats-aggregator/stored/stored-states.ts'
import { alertLimits, attempt } from '../counting/attempts.ts'

const topic = 'webhook-attempts'

type Edges = FoldStageEdges<CountedAttempt, StatsState>
type Bench = { stage: FoldStage<CountedAttempt, StatsState>; log: string[]; stored: StoredStates<StatsState> }

/** A stage that writes down calls of its edges; the value of an attempt's record is its webhook's id, or "?". */
function bench(edges: Partial<Edges> = {}): Bench {
  const log: string[] = []
  let decoded = 0
  const stored = new StoredStates<StatsState>()
  const stage = new FoldStage<CountedAttempt, StatsState>({
    topic,
    decode: (value) =>
      value.toString() === '?'
        ? { ok: false, reason: 'magic byte' }
        : { ok: true, value: attempt({ webhookId: value.toString(), deliveryId: `msg_${decoded++}` }) },
    rules: attemptRules(null, alertLimits),
    stored: {
      best: (partition, id) => structuredClone(stored.best(partition, id)?.stored),
      sourceOffset: (partition, id) => stored.best(partition, id)?.sourceOffset,
      outdated: (partition) => stored.outdated(partition),
      caughtUp: async () => void log.push('caught up'),
    },
    write: async (state) => {
      log.push(`write ${state.webhookId} up to ${state.source.offset}`)
      return 1
    },
    deadLetter: async (record, reason, detail) => void log.push(`${reason} ${record.offset}: ${detail}`),
    faults: new RecordFaults({
      clock: { sleep: async () => undefined },
      log: pino({ level: 'silent' }),
      fail: (error) => log.push(String(error)),
    }),
    commit: async ({ current }, commits) => {
      for (const { partition, offset } of commits) log.push(`commit ${partition}/${offset}`)
      return current ? 'committed' : 'outdated'
    },
    metrics: createStatsMetrics(createMetrics('test'), []).attempts(topic),
    patience: { wait: (coming) => coming },
    ...edges,
  })
  return { stage, log, stored }
}

function stateUpTo(offset: number): { sourceOffset: number; stored: StatsState } {
  return {
    sourceOffset: offset,
    stored: attemptRules(null, alertLimits).begin('w1', attempt(), { partition: 0, offset }),
  }
}

function assignmentOf(...partitions: number[]): Assignment & { current: boolean } {
  return { partitions: new Map([[topic, partitions]]), current: true, fresh: true }
}

function batchOf(assignment: Assignment, firstOffset: number, values: (string | null)[]): RecordBatch {
  const records = values.map((value, index) => ({
    topic,
    partition: 0,
    offset: firstOffset + index,
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: undefined,
    timestampMs: 0,
  }))
  const nextOffset = firstOffset + values.length
  return { topic, partition: 0, records, highWatermark: nextOffset, nextOffset, assignment }
}

test('webhook-stats is read before folding, and written before committing', async () => {
  const { stage, log } = bench()
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  expect(await stage.takeBatch(batchOf(assignment, 5, ['w1', 'w2', 'w1']))).toBe(3)
  await stage.flush()
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 7', 'write w2 up to 6', 'commit 0/8'])
})

test('an offset is committed only once Kafka has what was written', async () => {
  const acknowledged = Promise.withResolvers<number>()
  const { stage, log } = bench({ write: () => acknowledged.promise })
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  await stage.takeBatch(batchOf(assignment, 0, ['w1']))
  const flushing = stage.flush()
  await new Promise((resolve) => setImmediate(resolve))
  expect(log).toEqual(['caught up'])
  acknowledged.resolve(1)
  await flushing
  expect(log).toEqual(['caught up', 'commit 0/1'])
})

test('a flush begun before the first record commits nothing, even if that record arrives while it writes', async () => {
  const acknowledged = Promise.withResolvers<number>()
  const { stage, log, stored } = bench({ write: () => acknowledged.promise })
  // An earlier owner has overwritten a state that was further.
  stored.apply(0, 'w1', 0, stateUpTo(9))
  stored.apply(0, 'w1', 1, stateUpTo(4))
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  const flushing = stage.flush()
  await new Promise((resolve) => setImmediate(resolve))
  await stage.takeBatch(batchOf(assignment, 10, ['w1']))
  acknowledged.resolve(1)
  await flushing
  expect(log).toEqual(['caught up'])
  await stage.flush()
  expect(log).toEqual(['caught up', 'commit 0/11'])
})

test.each([
  { value: '?', reason: 'magic byte' },
  { value: null, reason: 'no value' },
])('a record with value $value becomes a dead letter, and the next one is counted', async ({ value, reason }) => {
  const { stage, log } = bench()
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  await stage.takeBatch(batchOf(assignment, 0, [value, 'w1']))
  await stage.flush()
  expect(log.slice(1)).toEqual([`unreadable 0: ${reason}`, 'write w1 up to 1', 'commit 0/2'])
})

test('no offset beyond a dead letter is committed before Kafka has it', async () => {
  const { stage, log } = bench({ deadLetter: () => new Promise(() => undefined) })
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  void stage.takeBatch(batchOf(assignment, 0, ['w1', '?', 'w1']))
  await new Promise((resolve) => setImmediate(resolve))
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 2', 'commit 0/1'])
})

test('work of an ended assignment is neither accepted nor flushed, and the next one starts from webhook-stats', async () => {
  const { stage, log, stored } = bench()
  const [old, next] = [assignmentOf(0), assignmentOf(0)]
  stage.assign(old)
  await stage.takeBatch(batchOf(old, 0, ['w1']))
  old.current = false
  stage.assign(next)
  // Another instance had the partition in between.
  stored.apply(0, 'w1', 0, stateUpTo(3))

  expect(await stage.takeBatch(batchOf(old, 1, ['w1']))).toBe(0)
  expect(await stage.takeBatch(batchOf(next, 3, ['w1', 'w1']))).toBe(2)
  await stage.flush()
  expect(log).toEqual(['caught up', 'caught up', 'write w1 up to 4', 'commit 0/5'])
})

test('a failed commit is repeated by the next flush without writing again', async () => {
  let failures = 0
  const { stage, log } = bench({
    commit: async () => {
      const result = failures++ === 0 ? 'failed' : 'committed'
      log.push(result)
      return result
    },
  })
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  await stage.takeBatch(batchOf(assignment, 0, ['w1']))
  await stage.flush()
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 0', 'failed', 'committed'])
})

test('a state overwritten by an earlier owner is written again, even if no attempt follows', async () => {
  const { stage, log, stored } = bench()
  stored.apply(0, 'w1', 10, stateUpTo(9))
  stage.assign(assignmentOf(0))
  await stage.flush()
  stored.apply(0, 'w1', 11, stateUpTo(5))
  await stage.flush()
  stored.apply(0, 'w1', 12, stateUpTo(9))
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 9'])
})

describe('exceptions of one record become a dead letter with its bytes', () => {
  const wrong = (): never => {
    throw new Error('wrong')
  }
  const rules = attemptRules(null, alertLimits)

  test.each<[string, Partial<Edges>, string]>([
    [
      'decoding',
      { decode: (value) => (`${value}` === 'w2' ? wrong() : { ok: true, value: attempt({ webhookId: `${value}` }) }) },
      'decoding: wrong',
    ],
    [
      'choosing the state',
      { rules: { ...rules, findWebhook: ({ webhookId }) => (webhookId === 'w2' ? wrong() : webhookId) } },
      'counting: wrong',
    ],
    [
      'beginning a state',
      { rules: { ...rules, begin: (id, value, source) => (id === 'w2' ? wrong() : rules.begin(id, value, source)) } },
      'counting: wrong',
    ],
    [
      'counting',
      {
        rules: {
          ...rules,
          add: (state, value, at, source) => (state.webhookId === 'w2' ? wrong() : rules.add(state, value, at, source)),
        },
      },
      'counting: wrong',
    ],
  ])(
    'an exception in %s becomes a dead letter with the bytes of its record, and the others are counted',
    async (_step, edges, detail) => {
      const { stage, log } = bench(edges)
      const assignment = assignmentOf(0)
      stage.assign(assignment)
      await stage.takeBatch(batchOf(assignment, 0, ['w1', 'w2', 'w3']))
      await new Promise((resolve) => setTimeout(resolve))
      await stage.flush()
      expect(log.slice(1).sort()).toEqual(
        [`fault 1: ${detail}`, 'write w1 up to 0', 'write w3 up to 2', 'commit 0/3'].sort(),
      )
    },
  )

  test('a webhook id that no webhook can have becomes a dead letter', async () => {
    const { stage, log } = bench()
    const assignment = assignmentOf(0)
    stage.assign(assignment)
    await stage.takeBatch(batchOf(assignment, 0, ['x'.repeat(300_000), 'w1']))
    await new Promise((resolve) => setTimeout(resolve))
    await stage.flush()
    expect(log.slice(1)).toEqual([
      'fault 0: counting: a webhook id of 300000 bytes; allowed: 1024',
      'write w1 up to 1',
      'commit 0/2',
    ])
  })

  test('exceptions for every record of many webhooks end the process, and nothing is committed', async () => {
    const { stage, log } = bench({ decode: wrong })
    const assignment = assignmentOf(0)
    stage.assign(assignment)
    const keys = Array.from({ length: 25 }, (_unused, n) => `w${n}`)
    const batch = batchOf(assignment, 0, keys)
    const records = batch.records.map((record, n) => ({ ...record, key: Buffer.from(`w${n % 3}`) }))
    await stage.takeBatch({ ...batch, records })
    expect(log.filter((line) => line.includes('records in a row')).length).toBeGreaterThan(0)
  })
})
