import { expect, test } from 'vitest'
import type { Assignment, RecordBatch } from '../../../services/platform/kafka/consumer.ts'
import { createMetrics } from '../../../services/platform/metrics.ts'
import { attemptRules, type CountedAttempt, type StatsState } from '../../../services/stats-aggregator/attempts.ts'
import { createStatsMetrics } from '../../../services/stats-aggregator/metrics.ts'
import { FoldStage, type StageEdges } from '../../../services/stats-aggregator/stage.ts'
import { StoredStates } from '../../../services/stats-aggregator/stored-states.ts'
import { attempt } from './attempts.ts'

const topic = 'webhook-attempts'

type Edges = StageEdges<CountedAttempt, StatsState>
type Bench = { stage: FoldStage<CountedAttempt, StatsState>; log: string[]; stored: StoredStates<StatsState> }

/** A stage whose edges write down what they are asked for; an attempt record's value is its webhook's id, or "?". */
function bench(edges: Partial<Edges> = {}): Bench {
  const log: string[] = []
  const stored = new StoredStates<StatsState>()
  const stage = new FoldStage<CountedAttempt, StatsState>({
    topic,
    decode: (value) =>
      value.toString() === '?'
        ? { ok: false, reason: 'magic byte' }
        : { ok: true, value: attempt({ webhookId: value.toString() }) },
    rules: attemptRules(null),
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
    unreadable: async (record, reason) => void log.push(`dead letter ${record.offset}: ${reason}`),
    commit: async ({ current }, commits) => {
      for (const { partition, offset } of commits) log.push(`commit ${partition}/${offset}`)
      return current
    },
    commitFailed: () => log.push('commit failed'),
    metrics: createStatsMetrics(createMetrics('test')).attempts(topic),
    stopping: new AbortController().signal,
    ...edges,
  })
  return { stage, log, stored }
}

function stateUpTo(offset: number): { sourceOffset: number; stored: StatsState } {
  return { sourceOffset: offset, stored: attemptRules(null).begin('w1', attempt(), { partition: 0, offset }) }
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

test('looks at webhook-stats before it folds, and writes before it commits', async () => {
  const { stage, log } = bench()
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  expect(await stage.takeBatch(batchOf(assignment, 5, ['w1', 'w2', 'w1']))).toBe(3)
  await stage.flush()
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 7', 'write w2 up to 6', 'commit 0/8'])
})

test('commits only once Kafka has what was written', async () => {
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

test('a flush that began before the first record commits nothing, also where that one comes while it writes', async () => {
  const acknowledged = Promise.withResolvers<number>()
  const { stage, log, stored } = bench({ write: () => acknowledged.promise })
  // An earlier owner has written over a state that was further.
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
])('a record with value $value is a dead letter, and the next one counts', async ({ value, reason }) => {
  const { stage, log } = bench()
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  await stage.takeBatch(batchOf(assignment, 0, [value, 'w1']))
  await stage.flush()
  expect(log.slice(1)).toEqual([`dead letter 0: ${reason}`, 'write w1 up to 1', 'commit 0/2'])
})

test('no offset is committed past a dead letter that Kafka does not have', async () => {
  const { stage, log } = bench({ unreadable: () => new Promise(() => undefined) })
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  void stage.takeBatch(batchOf(assignment, 0, ['w1', '?', 'w1']))
  await new Promise((resolve) => setImmediate(resolve))
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 0', 'commit 0/1'])
})

test('work of an assignment that has ended is neither taken nor flushed, and the next one starts from webhook-stats', async () => {
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

test('a commit that fails is made up for by the next flush, without writing again', async () => {
  let failures = 0
  const { stage, log } = bench({
    commit: async () => {
      if (failures++ === 0) throw new Error('coordinator is moving')
      log.push('committed')
      return true
    },
  })
  const assignment = assignmentOf(0)
  stage.assign(assignment)
  await stage.takeBatch(batchOf(assignment, 0, ['w1']))
  await stage.flush()
  await stage.flush()
  expect(log).toEqual(['caught up', 'write w1 up to 0', 'commit failed', 'committed'])
})

test('what an earlier owner wrote over is written again, also where no attempt comes any more', async () => {
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
