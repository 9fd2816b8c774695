import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Assignments } from '../../../../services/dispatcher/intake/assignments.ts'
import { failUnlessAbandoned, WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'

const topic = 'webhook-deliveries'
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A dispatcher that has been assigned partition 2, which is new to it, and gets the answer about its commits. */
function bench() {
  const commits = Promise.withResolvers<never>()
  const faults: unknown[] = []
  const assignments = new Assignments({
    engine: { assign: () => [2] },
    snapshots: { keepOnly: () => undefined },
    takeover: {},
    committed: () => commits.promise,
    readers: { quietTopics: [], readQuietTopics: () => undefined },
    takenOver: () => undefined,
    nowMs: () => 0,
    log: pino({ level: 'silent' }),
    fail: failUnlessAbandoned((fault) => faults.push(fault)),
  } as never)
  assignments.assigned({ partitions: new Map([[topic, [2]]]), current: true, fresh: true })
  return { assignments, commits, faults }
}

test('a takeover that is abandoned because the process stops is no fault, and the partition stays closed to records', async () => {
  const { assignments, commits, faults } = bench()
  const abandoned = new WaitAbandoned('the registry does not answer')
  commits.reject(abandoned)
  await turn()
  await turn()
  expect(faults).toEqual([])
  await expect(assignments.takingOver(2)).rejects.toBe(abandoned)
})

test('any other error of a takeover ends the process', async () => {
  const { commits, faults } = bench()
  const broken = new Error('broken')
  commits.reject(broken)
  await turn()
  expect(faults).toContain(broken)
})
