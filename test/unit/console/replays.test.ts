import { expect, test } from 'vitest'
import { pollWhile } from '../../../services/console/src/api/poll-while.ts'
import { ApiProblem } from '../../../services/console/src/api/problem.ts'
import type { ListedDeadLetter } from '../../../services/console/src/api/types.ts'
import { toShown } from '../../../services/console/src/pages/webhook/attempts/shown-letters.ts'
import { isSecondTime, toReplayBody } from '../../../services/console/src/pages/webhook/replays/replay-body.ts'

const [since, until] = ['2027-01-15T08:00:00.000Z', '2027-01-15T09:00:00.000Z']
const nothing = { since: null, until: null, wanted: [], contactId: '', ratePerSecond: 10 }
const rate = { ratePerSecond: 10 }

test.each([
  ['deadLetters', {}, { deadLetters: true, ...rate }],
  ['deadLetters', { until, contactId: '549' }, { deadLetters: true, until, contactId: '549', ...rate }],
  ['deadLetters', { chosen: ['a', 'b'] }, { deadLetters: true, deliveryIds: ['a', 'b'], ...rate }],
  ['skipped', {}, null],
  ['skipped', { since, contactId: '549' }, { skipped: true, since, ...rate }],
  ['since', { since }, null],
  ['since', { wanted: ['error'] }, null],
  [
    'since',
    { since, until, wanted: ['error'], contactId: '549' },
    { since, until, outcomes: ['error'], contactId: '549', ...rate },
  ],
] as const)('the dialog %s with %j makes the replay %j', (kind, choice, body) => {
  const { wanted = [], chosen, ...rest } = choice as { wanted?: readonly 'error'[]; chosen?: readonly string[] }
  const whole = { ...nothing, ...rest, wanted: [...wanted], ...(chosen && { chosen: [...chosen] }) }
  expect(toReplayBody(kind, whole)).toEqual(body)
})

test.each([
  [['error', 'rejected'], false],
  [['error', 'slow'], true],
  [['success'], true],
] as const)('a replay of %j asks a second time: %s', (wanted, asks) => {
  expect(isSecondTime(wanted)).toBe(asks)
})

test('the list of undelivered notifications has each once, with its latest letter, and those delivered since only if asked for', () => {
  const letter = (deliveryId: string | null, at: string, deliveredAt: string | null = null) =>
    ({ deliveryId, at, deliveredAt }) as ListedDeadLetter
  const [again, unreadable, done] = [letter('a', '3'), letter(null, '2'), letter('b', '1', '4')]
  const letters = [again, unreadable, done, letter('a', '0'), again]
  expect(toShown(letters, false)).toEqual([again, unreadable])
  expect(toShown(letters, true)).toEqual([again, unreadable, done, letter('a', '0')])
})

test.each([
  [undefined, null, false],
  [undefined, 503, 5_000],
  [undefined, 404, false],
  [{ isOpen: true }, null, 5_000],
  [{ isOpen: false }, null, false],
  [{ isOpen: false }, 0, 5_000],
] as const)('a query with the answer %j and the failure %j is read again after %s ms', (data, status, everyMs) => {
  const poll = pollWhile(({ isOpen }: { isOpen: boolean }) => isOpen, 5_000)
  expect(poll({ state: { data, error: status === null ? null : new ApiProblem({ status }) } })).toBe(everyMs)
})
