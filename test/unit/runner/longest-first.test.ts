import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { TestSpecification, Vitest } from 'vitest/node'
import { LongestFirst, longFiles } from '../../runner/longest-first.ts'

function spec(file: string, groupOrder: number): TestSpecification {
  const config = { sequence: { groupOrder }, isolate: true }
  return { moduleId: `/hookline/${file}`, project: { name: `group ${groupOrder}`, config } } as TestSpecification
}

test('test files that are known to be long exist', () => {
  expect(longFiles.filter((file) => !existsSync(file))).toEqual([])
})

test('long test files are begun first within their group, the longest before the others', async () => {
  const [first = '', second = ''] = longFiles
  const kafka = ['test/e2e/short.test.ts', 'test/browser/console.test.ts'].map((file) => spec(file, 1))
  const pure = [second, 'test/unit/short.test.ts', first].map((file) => spec(file, 0))
  const cache = { getTestSpecificationResult: () => ({ failed: false, duration: 1 }) }
  const sequencer = new LongestFirst({ cache, config: {} } as unknown as Vitest)
  const sorted = await sequencer.sort([...kafka, ...pure])
  expect(sorted.map(({ moduleId }) => moduleId.replace('/hookline/', ''))).toEqual([
    first,
    second,
    'test/unit/short.test.ts',
    'test/browser/console.test.ts',
    'test/e2e/short.test.ts',
  ])
})
