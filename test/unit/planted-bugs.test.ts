import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { plantedBugs } from '../planted-bugs/bugs.ts'
import { editsOf, planted } from '../planted-bugs/plant.ts'
import { verdictOf } from '../planted-bugs/test-run.ts'

/** Checks that the bugs can be planted; npm run planted-bugs plants them. */

const root = new URL('../../', import.meta.url)

test('there are at least ten planted bugs, each with its own name', () => {
  expect(plantedBugs.filter(({ kafka }) => !kafka).length).toBeGreaterThanOrEqual(10)
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length)
})

test.each(plantedBugs)('the bug can still be planted: $name', (bug) => {
  for (const edit of editsOf(bug)) {
    const source = readFileSync(new URL(edit.file, root), 'utf8')
    expect(planted(edit, source)).not.toBe(source)
  }
  expect(bug.caughtBy.length).toBeGreaterThan(0)
  expect(bug.caughtBy.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
})

const bug = { name: '', file: 'a.ts', text: 'x', replacement: '$&$1', caughtBy: [] }

test.each([
  ['y', /a\.ts contains 0 times: x/],
  ['x x', /a\.ts contains 2 times: x/],
])('a text that does not occur exactly once is reported: %j', (source, message) => {
  expect(() => planted(bug, source)).toThrow(message)
  expect(planted(bug, 'a x b')).toBe('a $&$1 b')
})

test.each([
  [undefined, 'broken'],
  [[], 'broken'],
  [['passed', 'passed'], 'passed'],
  [['passed', 'failed'], 'failed'],
] as const)('a test file with the results %j is %s; an unreadable one catches nothing', (statuses, verdict) => {
  const assertionResults = statuses?.map((status) => ({ status }))
  expect(verdictOf(assertionResults && { name: 'a', assertionResults })).toBe(verdict)
})
