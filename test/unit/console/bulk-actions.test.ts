import { expect, test } from 'vitest'
import { ApiProblem } from '../../../services/console/src/api/problem.ts'
import {
  bulkActions,
  changeEach,
  isChanged,
} from '../../../services/console/src/pages/webhook-list/bulk/bulk-actions.ts'

test.each([
  [true, false, ['pause', 'switchOff']],
  [true, true, ['resume', 'switchOff']],
  [false, false, []],
  [false, true, ['resume']],
])('a webhook that is on (%s) and paused (%s) is changed by %j only', (enabled, paused, actions) => {
  expect(bulkActions.filter((action) => isChanged({ enabled, paused }, action))).toEqual(actions)
})

const problem = (status: number) => new ApiProblem({ status })

test.each([
  ['goes on after a webhook that was changed meanwhile', 412, ['a', 'b', 'c'], 2],
  ['stops when the server does not answer', 503, ['a', 'b'], 1],
  ['stops when there are too many requests', 429, ['a', 'b'], 1],
])('an action on several webhooks %s', async (_what, status, expected, done) => {
  const tried: string[] = []
  const result = await changeEach(['a', 'b', 'c'], async (webhook) => {
    tried.push(webhook)
    if (webhook === 'b') throw problem(status)
  })
  expect(tried).toEqual(expected)
  expect(result).toEqual({ done, error: problem(status) })
})
