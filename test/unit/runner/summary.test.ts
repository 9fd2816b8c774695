import { expect, test } from 'vitest'
import { FigureLines, summarize } from '../../runner/summary.ts'

const file = (name: string, status: string, ...tests: string[]) => ({
  name: `/somewhere/test/guarantees/${name}.test.ts`,
  status,
  assertionResults: tests.map((each) => ({ status: each })),
})

test('a summary has one verdict and one figure for each guarantee, ordered by number', () => {
  const figures = new FigureLines()
  const lines = [
    'guarantee 6: missing 0',
    'noise',
    'guarantee 1: missing 0, extra 0',
    'guarantee 6: control: missing 29',
  ]
  for (const line of lines) figures.take(line)
  const testResults = [
    file('06-lost', 'passed', 'passed', 'passed'),
    file('01-one', 'failed', 'passed', 'failed'),
    file('13-disk-full', 'passed', 'skipped'),
    file('20-does-not-load', 'failed'),
    file('32-signatures', 'passed', 'passed', 'skipped'),
  ]
  expect(summarize({ testResults }, figures)).toEqual({
    passed: 2,
    failed: 2,
    skipped: 1,
    results: [
      { id: 1, ok: false, figure: 'missing 0, extra 0' },
      { id: 6, ok: true, figure: 'missing 0; control: missing 29' },
      { id: 13, ok: null, figure: '' },
      { id: 20, ok: false, figure: '' },
      { id: 32, ok: true, figure: '' },
    ],
  })
})
