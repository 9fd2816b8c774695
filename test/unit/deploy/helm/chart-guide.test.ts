import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { helm, lackOfTools, render } from '../../../support/chart.ts'
import { codeBlocks, readDocument } from '../../../support/documents.ts'

/** Commands and values in docs/operating/kubernetes.md. */

const guide = readDocument('docs/operating/kubernetes.md')
// Blocks in lists are indented.
const commands = [...guide.matchAll(/^ *(helm (?:install|upgrade) .*)$/gm)].map(([, line = '']) => line)

test.skipIf(lackOfTools !== null)(
  'every installation and upgrade in the guide for Kubernetes renders the chart',
  () => {
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      const [, , ...args] = command.split(' ')
      expect(helm(['template', ...args]), command).toMatchObject({ ok: true })
    }
  },
)

test.skipIf(lackOfTools !== null)('all values shown in the guide for Kubernetes are accepted by the chart', () => {
  const blocks = codeBlocks(guide, 'yaml')
  expect(blocks.length).toBeGreaterThan(4)
  for (const block of blocks) expect(render(parse(block) as object, 'demo').length, block).toBeGreaterThan(15)
})

test('the images named in the guide for Kubernetes have the version of the package', () => {
  const { version } = JSON.parse(readDocument('package.json')) as { version: string }
  const tags = [...guide.matchAll(/\/hookline:([\w.-]+)/g)].map(([, tag]) => tag)
  expect(new Set(tags)).toEqual(new Set([version]))
})
