import { expect, test } from 'vitest'
import { RecurringFault } from '../../../../services/platform/runtime/recurring-fault.ts'

test('a fault that recurs is logged at once, and then every ten seconds with the number of times in between', () => {
  let nowMs = 5
  const lines: [number, object][] = []
  const log = { warn: (line: object) => void lines.push([nowMs, line]) }
  const fault = new RecurringFault({ log: log as never, clock: { monotonicMs: () => nowMs } }, 'commit failed', {
    groupId: 'g',
  })
  const err = new Error('not the coordinator')
  for (let time = 0; time <= 100; time++, nowMs += 200) fault.report({ err })
  expect(lines).toEqual([
    [5, { groupId: 'g', err, unlogged: 0 }],
    [10_005, { groupId: 'g', err, unlogged: 49 }],
    [20_005, { groupId: 'g', err, unlogged: 49 }],
  ])
})
