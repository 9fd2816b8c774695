import { expect, test } from 'vitest'
import { sourceIn } from '../../../../services/stats-aggregator/stored/stored-topic.ts'

const [here, other] = ['Zx3pQ0vVTk6wq_d5-Xm1Aw', 'AAAAAAAAQACAAAAAAAAAAQ']

test.each([
  ['of the log that is folded', here, here, 60],
  ['of an earlier version, without a log', here, null, 60],
  ['where the broker tells no ids', null, other, 60],
  ['of a log that was recreated since', here, other, -1],
])('a state %s is continued or discarded by its log', (_name, logId, stored, offset) => {
  expect(sourceIn(logId, { partition: 3, offset: 60, logId: stored })).toEqual({ partition: 3, offset, logId })
})
