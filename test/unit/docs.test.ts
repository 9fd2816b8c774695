import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configurations, configurationTable } from '../../deploy/docs/configuration-table.ts'
import { table } from '../../deploy/docs/markdown.ts'
import { generatedParts } from '../../deploy/docs/parts.ts'
import { fillIn } from '../../deploy/docs/sections.ts'

/** README.md and docs/ against the code that they tell of. */

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const readme = read('README.md')
const documents = ['README.md', 'docs/ARCHITECTURE.md', ...filesOf('docs/decisions', '.md')]

/** Variables of ours by their beginnings, whoever reads them. */
const variable = /\b(?:HOOKLINE|KAFKA|SCHEMA_REGISTRY)_[A-Z_]*[A-Z]\b/g
const declared = new Set(Object.values(configurations).flatMap(({ properties }) => Object.keys(properties)))

function filesOf(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
}

test('the generated parts of README.md are current; if not: npm run docs', () => {
  expect(fillIn(readme, generatedParts())).toBe(readme)
})

describe('generated parts', () => {
  const parts = new Map([['numbers', '1\n2\n']])

  test('are replaced, and nothing else is', () => {
    const document = 'before\n<!-- generated:numbers -->\nold\n<!-- end -->\nafter <!-- end -->\n'
    const filled = 'before\n<!-- generated:numbers -->\n\n1\n2\n\n<!-- end -->\nafter <!-- end -->\n'
    expect(fillIn(document, parts)).toBe(filled)
    expect(fillIn(filled, parts)).toBe(filled)
  })

  test.each([
    ['a part without markers', 'no markers here\n', /no markers for numbers/],
    ['markers without a part', '<!-- generated:letters -->\n<!-- end -->\n', /generated:letters/],
    ['a part whose end is missing', '<!-- generated:numbers -->\nold\n', /no markers for numbers/],
  ])('%s is an error', (_name, document, message) => {
    expect(() => fillIn(document, parts)).toThrow(message)
  })

  test('a pipe within a cell does not end it', () => {
    expect(table(['a'], [['x | y']])).toBe('| a |\n| --- |\n| x \\| y |\n')
  })

  test('every variable has its row, once', () => {
    const names = [...configurationTable().matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(names).toEqual([...declared])
  })

  test('every service of the repository is among the configurations', () => {
    const services = readdirSync(new URL('services', root)).filter((name) =>
      existsSync(new URL(`services/${name}/main.ts`, root)),
    )
    expect(Object.keys(configurations)).toEqual(expect.arrayContaining(services))
  })
})

describe('variables', () => {
  // What starts services, tests and measures reads some of its own.
  const scripts = ['deploy', 'test', '.ci'].flatMap((folder) => filesOf(folder, ''))
  const readByScripts = new Set(
    scripts
      .filter((path) => /(\.ts|\.mjs|\.ci\/run)$/.test(path) && path !== 'test/unit/docs.test.ts')
      .flatMap((path) => [...read(path).matchAll(/(?:env\.|\bexport )(HOOKLINE_\w+)/g)].map(([, name]) => name)),
  )
  const isKnown = (name: string) => declared.has(name) || readByScripts.has(name)

  test.each(documents)('those that %s names are declared', (path) => {
    const names = [...read(path).matchAll(variable)].map(([name]) => name)
    expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([])
  })

  test('those that docker-compose.yml gives to services, and asks for, are declared', () => {
    const text = read('docker-compose.yml')
    const { services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> }
    const own = Object.values(services).filter(({ image }) => image === 'hookline:latest')
    const given = own.flatMap(({ environment }) => Object.keys(environment ?? {}))
    const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? '')
    expect(given.length).toBeGreaterThan(0)
    expect([...new Set([...given, ...asked])].filter((name) => !declared.has(name))).toEqual([])
  })
})

type ComposeService = { image: string; environment?: Record<string, string | number> }

describe('names in the documents', () => {
  test.each(documents)('files that %s links to are there', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '')
    const missing = links.filter((link) => !existsSync(new URL(link, new URL(path, root))))
    expect(missing).toEqual([])
  })

  test.each(documents)('files of the repository that %s names are there', (path) => {
    const named = [...read(path).matchAll(/`((?:services|deploy|test|schemas|docs|\.ci)\/[\w./-]*)`/g)]
    const missing = named.map(([, name]) => name ?? '').filter((name) => !existsSync(new URL(name, root)))
    expect(missing).toEqual([])
  })

  test.each(documents)('scripts of npm that %s names are there', (path) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read(path).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})
