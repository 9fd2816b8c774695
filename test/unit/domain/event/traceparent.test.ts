import { expect, test } from 'vitest'
import { readTraceparent } from '../../../../services/domain/event/traceparent.ts'

const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test.each([
  ['a buffer', Buffer.from(good), good],
  ['a string', good, good],
  ['another version', Buffer.from(good.replace('00-', '01-')), good.replace('00-', '01-')],
  ['version ff', Buffer.from(good.replace('00-', 'ff-')), null],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, null],
  ['a parent id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`, null],
  ['upper case', good.toUpperCase(), null],
  ['a line break behind it', `${good}\r\nx-evil: 1`, null],
  ['several', [Buffer.from(good), Buffer.from(good)], null],
  ['nothing', undefined, null],
  ['an empty one', Buffer.alloc(0), null],
  ['a null one', null, null],
  ['a list of nulls', [null, null], null],
  ['another type', { toString: null }, null],
  ['100 KB', Buffer.alloc(100_000, good), null],
])('a traceparent that is %s is read as %s', (_what, traceparent, expected) => {
  expect(readTraceparent(traceparent)).toBe(expected)
})
