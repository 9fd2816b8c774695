import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { changedFacts, currentFacts, type ReleaseFacts, releasedFile } from '../../deploy/release/release-facts.ts'
import { readDocument, sectionOf } from '../support/documents.ts'

/** CHANGELOG.md against what has changed since the last release. */

const released = JSON.parse(readFileSync(releasedFile, 'utf8')) as ReleaseFacts

/** The section of the changelog for each kind of fact. */
const headings: Record<string, string> = { topics: '### Topics', schemas: '### Schemas', variables: '### Variables' }

/** Changed facts that the changelog does not name in their section. */
function unsaid(before: ReleaseFacts, after: ReleaseFacts, unreleased: string): string[] {
  return changedFacts(before, after)
    .filter(({ kind, name }) => !sectionOf(unreleased, headings[kind] ?? '').includes(`\`${name}\``))
    .map(({ kind, name }) => `${headings[kind]}: ${name}`)
}

const unreleased = sectionOf(readDocument('CHANGELOG.md'), '## Unreleased')

test('the changelog names every topic, schema and variable that has changed since the last release', () => {
  expect(unsaid(released, currentFacts(), unreleased)).toEqual([])
})

test('a new topic, a changed default and a schema that is gone are missed in a changelog that does not name them', () => {
  const facts = currentFacts()
  const changed = {
    topics: { ...facts.topics, 'webhook-new': 'key: id' },
    schemas: Object.fromEntries(Object.entries(facts.schemas).slice(1)),
    variables: { ...facts.variables, HOOKLINE_LOG_LEVEL: 'debug' },
  }
  const [gone = ''] = Object.keys(facts.schemas)
  const empty = Object.values(headings).join('\n')
  const missed = ['### Topics: webhook-new', `### Schemas: ${gone}`, '### Variables: HOOKLINE_LOG_LEVEL']
  expect(unsaid(facts, changed, empty).sort()).toEqual(missed.sort())
  expect(unsaid(facts, changed, `### Topics\n\`webhook-new\`\n### Schemas\n\`${gone}\`\n### Variables\n`)).toEqual([
    '### Variables: HOOKLINE_LOG_LEVEL',
  ])
})
