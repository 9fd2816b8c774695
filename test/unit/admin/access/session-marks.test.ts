import { expect, test } from 'vitest'
import { nowMs } from '../support.ts'
import { marksOfLog } from './session-log.ts'

const hourMs = 3_600_000

test('a login token can be used once, across all instances and restarts', async () => {
  const { join } = marksOfLog()
  const [a, b, c] = [join(), join(), join()]
  const taken = await Promise.all([a, b, c, a].map((instance) => instance.take('t1', 'ana', nowMs)))
  expect(taken.filter(Boolean)).toHaveLength(1)
  for (const instance of [a, b, c, join()]) expect(await instance.take('t1', 'ana', nowMs)).toBe(false)
  expect(await b.take('t2', 'ana', nowMs)).toBe(true)
})

test('an ended session is ended for every instance, and other sessions are not', async () => {
  const { log, join } = marksOfLog()
  const [a, b] = [join(), join()]
  await a.end({ csrfToken: 's1' }, 'ana', nowMs)
  expect([a, b, join()].map((instance) => instance.hasEnded({ csrfToken: 's1' }))).toEqual([true, true, true])
  expect(b.hasEnded({ csrfToken: 's2' })).toBe(false)
  expect(JSON.stringify(log.map(({ key }) => key.toString()))).not.toContain('s1')
})

test('marks of tokens and sessions are kept for the longest session, and no longer', async () => {
  const marks = marksOfLog().join()
  for (let hour = 0; hour < 30; hour++) {
    await marks.end({ csrfToken: `s${hour}` }, 'ana', nowMs + hour * hourMs)
    await marks.take(`t${hour}`, 'ana', nowMs + hour * hourMs)
  }
  const held = Array.from({ length: 30 }, (_unused, hour) => marks.hasEnded({ csrfToken: `s${hour}` }))
  expect(held.slice(6)).toEqual(Array(24).fill(true))
  expect(held.slice(0, 4)).toEqual(Array(4).fill(false))
})
