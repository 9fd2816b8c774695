import { expect, test } from 'vitest'
import { DueTimes } from '../../../../services/dispatcher/intake/due-times.ts'

const minute = 60_000
const hour = 60 * minute
const written = 1_000_000_000

/** Wall clock and monotonic clock, which tests move separately. */
function clocks() {
  const at = { nowMs: written, monotonicMs: 5_000 }
  const due = new DueTimes({ nowMs: () => at.nowMs, monotonicMs: () => at.monotonicMs })
  const pass = (ms: number) => {
    at.nowMs += ms
    at.monotonicMs += ms
  }
  const waitMs = (offset = 7, dueAtMs = written + minute) =>
    due.waitMs({ topic: 't', partition: 1, offset }, dueAtMs, written, 2 * minute)
  return { at, pass, waitMs }
}

test('a record waits until it is due', () => {
  const { pass, waitMs } = clocks()
  expect(waitMs()).toBe(minute)
  pass(minute - 1)
  expect(waitMs()).toBe(1)
  pass(1)
  expect(waitMs()).toBe(0)
})

test.each([
  ['before it is seen', true],
  ['after it was seen', false],
])("a clock set back an hour %s does not prolong a record's wait", (_when, before) => {
  const { at, pass, waitMs } = clocks()
  if (before) at.nowMs -= hour
  expect(waitMs()).toBe(minute)
  if (!before) at.nowMs -= hour
  pass(minute - 1)
  expect(waitMs()).toBe(1)
  pass(1)
  expect(waitMs()).toBe(0)
})

test('an overdue record is taken at once', () => {
  const { pass, waitMs } = clocks()
  pass(hour)
  expect(waitMs()).toBe(0)
})

test('each record has its own wait', () => {
  const { pass, waitMs } = clocks()
  expect(waitMs(7)).toBe(minute)
  pass(10_000)
  expect(waitMs(8)).toBe(minute - 10_000)
})

test.each([written + 10 * hour, 8e15])(
  'a record that claims to be due at %i waits no longer than its topic allows',
  (dueAtMs) => {
    const { pass, waitMs } = clocks()
    expect(waitMs(8, dueAtMs)).toBe(2 * minute)
    pass(2 * minute)
    expect(waitMs(8, dueAtMs)).toBe(0)
  },
)
