import { expect, test } from 'vitest'
import { judgeCommit, LogIds } from '../../../../services/platform/kafka/log-ids.ts'

const logId = 'Zx3pQ0vVTk6wq_d5-Xm1Aw'
const other = 'AAAAAAAAQACAAAAAAAAAAQ'
const extent = { logId, low: 10, high: 20 }

test.each([
  ['of this log', 15, logId, 'here'],
  ['at its end', 20, logId, 'here'],
  ['without a log, as other tools and earlier versions write it', 15, null, 'here'],
  ['of another log', 15, other, 'foreign'],
  ['behind the end', 21, logId, 'foreign'],
  ['behind the end, without a log', 21, null, 'foreign'],
  ['before the first record', 9, logId, 'passed'],
])('a commit %s is judged by its log and offset', (_name, offset, committedLogId, kind) => {
  expect(judgeCommit(offset, committedLogId, extent).kind).toBe(kind)
})

test('a broker without topic ids leaves commits unchanged', () => {
  expect(judgeCommit(15, logId, { ...extent, logId: null })).toEqual({ kind: 'here' })
})

test('a topic is another log when its id changes, and for as long as it is changed', () => {
  const ids = new LogIds()
  expect(ids.meet('t', null)).toBe(null)
  expect(ids.meet('t', logId)).toBe(null)
  expect(ids.meet('t', logId)).toBe(null)
  expect(ids.meet('t', null)).toBe(null)
  expect(ids.meet('t', other)).toBe(logId)
  expect(ids.meet('t', other)).toBe(logId)
  expect(ids.of('t')).toBe(logId)
})
