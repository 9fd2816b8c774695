import { existsSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commandHelp } from '../../deploy/docs/command-help.ts'
import { table } from '../../deploy/docs/markdown.ts'
import { generatedParts } from '../../deploy/docs/parts.ts'
import { fillIn } from '../../deploy/docs/sections.ts'
import { configurations, configurationTable } from '../../deploy/docs/tables/configuration-table.ts'
import { readDefinitions } from '../../services/cli/apply/definition-file.ts'
import { deadLetterReasons } from '../../services/domain/delivery/delivery.ts'
import { describeConfig } from '../../services/platform/config/config.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import {
  anchorsOf,
  codeBlocks,
  documentPaths,
  filesBelow,
  isThere,
  readDocument as read,
  root,
  sectionOf,
} from '../support/documents.ts'

/** The documents against the code that they describe, and against each other. */

const documents = documentPaths()
const generated = await generatedParts()

/** Beginnings of the project's variables, whoever reads them. */
const variable = /\b(?:HOOKLINE|KAFKA|SCHEMA_REGISTRY)_[A-Z_]*[A-Z]\b/g
const declared = new Set(Object.values(configurations).flatMap(({ properties }) => Object.keys(properties)))
/** Variables that name a file with the value of another one. */
const fileVariables = new Set(
  Object.values(configurations).flatMap((schema) => describeConfig(schema).map(({ fileVariable }) => fileVariable)),
)

test.each([...generated.keys()])('the generated parts of %s are current; if not: npm run docs', (path) => {
  expect(fillIn(read(path), generated.get(path) ?? new Map())).toBe(read(path))
})

test('README.md has at most 150 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})

test('no line of prose in a document is longer than 130 characters', () => {
  const long = documents.flatMap((path) =>
    withoutCode(read(path))
      .split('\n')
      .filter((line) => line.length > 130 && !/^(\||!\[|#)/.test(line))
      .map((line) => `${path}: ${line}`),
  )
  expect(long).toEqual([])
})

function withoutCode(document: string): string {
  return document.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}

describe('generated parts', () => {
  const parts = new Map([['numbers', '1\n2\n']])

  test('only the generated parts of a document are replaced', () => {
    const document = 'before\n<!-- generated:numbers -->\nold\n<!-- end -->\nafter <!-- end -->\n'
    const filled = 'before\n<!-- generated:numbers -->\n\n1\n2\n\n<!-- end -->\nafter <!-- end -->\n'
    expect(fillIn(document, parts)).toBe(filled)
    expect(fillIn(filled, parts)).toBe(filled)
  })

  test.each([
    ['a part without markers', 'no markers here\n', /no markers for numbers/],
    ['markers without a part', '<!-- generated:letters -->\n<!-- end -->\n', /generated:letters/],
    ['a part whose end is missing', '<!-- generated:numbers -->\nold\n', /no markers for numbers/],
  ])('%s is an error in a document', (_name, document, message) => {
    expect(() => fillIn(document, parts)).toThrow(message)
  })

  test('an escaped pipe does not end a table cell', () => {
    expect(table(['a'], [['x | y']])).toBe('| a |\n| --- |\n| x \\| y |\n')
  })

  test('every variable has exactly one row in the configuration table', () => {
    const names = [...configurationTable().matchAll(/^\| `(\w+)`(?: or `\w+_FILE`)? \|/gm)].map(([, name]) => name)
    expect(names).toEqual([...declared])
  })

  test('every service has a configuration table', () => {
    const services = readdirSync(new URL('services', root)).filter((name) =>
      existsSync(new URL(`services/${name}/main.ts`, root)),
    )
    expect(Object.keys(configurations)).toEqual(expect.arrayContaining(services))
  })
})

describe('variables', () => {
  // Variables of programs that start services, run tests or measure.
  const scripts = ['deploy', 'test', '.ci'].flatMap((folder) => filesBelow(folder, ''))
  const readByScripts = new Set(
    scripts
      .filter((path) => /(\.ts|\.mjs|\.ci\/run)$/.test(path) && path !== 'test/unit/docs.test.ts')
      .flatMap((path) => [...read(path).matchAll(/(?:env\.|\bexport )(HOOKLINE_\w+)/g)].map(([, name]) => name)),
  )
  const isKnown = (name: string) => declared.has(name) || fileVariables.has(name) || readByScripts.has(name)

  test.each(documents)('every variable named in %s is declared', (path) => {
    const names = [...read(path).matchAll(variable)].map(([name]) => name)
    expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([])
  })

  test('every variable that docker-compose.yml sets or asks for is declared', () => {
    const text = read('docker-compose.yml')
    const { services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> }
    const own = Object.values(services).filter(({ image }) => image === 'hookline:latest')
    const given = own.flatMap(({ environment }) => Object.keys(environment ?? {}))
    const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? '')
    expect(given.length).toBeGreaterThan(0)
    // Variables that Compose itself uses, such as ports.
    const guide = sectionOf(read('docs/operating/docker.md'), '## Without the demo')
    const ofCompose = new Set([...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name))
    const known = new Set<string | null | undefined>([
      ...declared,
      ...fileVariables,
      ...ofCompose,
      'CONSOLE_URL',
      'NODE_EXTRA_CA_CERTS',
    ])
    expect([...new Set([...given, ...asked])].filter((name) => !known.has(name) && !name.startsWith('OTEL_'))).toEqual(
      [],
    )
  })
})

type ComposeService = { image: string; environment?: Record<string, string | number> }

describe('names in the documents', () => {
  const linksOf = (text: string) =>
    [...withoutCode(text).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, link]) => link ?? '')

  test.each(documents)('every file that %s links to exists', (path) => {
    const links = linksOf(read(path)).map((link) => link.split('#')[0] ?? '')
    const missing = links.filter((link) => !existsSync(new URL(link, new URL(path, root))))
    expect(missing).toEqual([])
  })

  test.each(documents)('every heading that %s links to exists', (path) => {
    const missing = linksOf(read(path)).filter((link) => {
      const [file = '', anchor] = link.split('#')
      if (anchor === undefined) return false
      const target = file === '' ? path : posix.join(posix.dirname(path), file)
      return !anchorsOf(read(target)).has(anchor)
    })
    expect(missing).toEqual([])
  })

  test.each(documents)('every file of the repository named in %s exists', (path) => {
    const named = [...read(path).matchAll(/`((?:services|deploy|test|schemas|docs|\.ci)\/[\w./-]*)`/g)]
    const missing = named.map(([, name]) => name ?? '').filter((name) => !isThere(name))
    expect(missing).toEqual([])
  })

  test('every file of the dispatcher named by its last part in docs/architecture.md exists', () => {
    const section = sectionOf(read('docs/architecture.md'), "## The dispatcher's core")
    const named = [...section.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name ?? '')
    const there = new Set(filesBelow('services', '.ts').map((path) => posix.basename(path)))
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((name) => !there.has(name))).toEqual([])
  })

  test.each(documents)('every npm script named in %s exists', (path) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read(path).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  test.each(documents)('every verb and option of the command line named in %s exists', async (path) => {
    const help = new Map(
      (await commandHelp()).split(/^## /m).map((section) => [section.split('\n')[0] ?? '', section] as const),
    )
    const problems = [...read(path).matchAll(/npm run -s webhooks -- ([a-z].*?)(?:`|#|$)/gm)].flatMap(
      ([, line = '']) => {
        const [verb = '', second = ''] = line.split(' ')
        const section = help.get(verb) ?? help.get(`${verb} ${second}`)
        if (section === undefined) return [line]
        const options = [...line.matchAll(/ (--?[a-z][\w-]*)/g)].map(([, option]) => option ?? '')
        return options.filter((option) => !section.includes(option)).map((option) => `${verb} ${option}`)
      },
    )
    expect(problems).toEqual([])
  })

  test.each(documents)('every scenario of the bench named in %s exists', (path) => {
    const scenarios = /const scenarios[^{]*\{([\s\S]*?)\n\}/.exec(read('test/bench/run.ts'))?.[1] ?? ''
    const named = [...read(path).matchAll(/npm run bench -- ([a-z]+)/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !new RegExp(`^  ${name}[:,]`, 'm').test(scenarios))).toEqual([])
  })

  test('the definitions shown in docs/reference/cli.md can be applied', () => {
    const [file = ''] = codeBlocks(read('docs/reference/cli.md'), 'yaml')
    const found = readDefinitions(file, 'bakery.yaml', { TILL_KEY: 'a key' })
    expect(found).toMatchObject({ ok: true, wanted: [{ name: 'Till' }, { name: 'Kitchen' }] })
  })

  test('every document can be reached from README.md', () => {
    const reached = new Set<string>()
    const waiting = ['README.md']
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (reached.has(path)) continue
      reached.add(path)
      for (const link of linksOf(read(path))) {
        const target = posix.join(posix.dirname(path), link.split('#')[0] ?? '')
        waiting.push(...documents.filter((each) => each === target || posix.dirname(each) === target))
      }
    }
    expect(documents.filter((path) => !reached.has(path))).toEqual([])
  })

  test('every decision has its own number, begins with it, and is half a page long', () => {
    const decisions = filesBelow('docs/decisions', '.md').sort()
    const numbers = decisions.map((path) => Number(/(\d{4})-/.exec(path)?.[1]))
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(decisions.map((path) => /^# (\d+)\. /.exec(read(path))?.[1])).toEqual(numbers.map(String))
    expect(decisions.filter((path) => read(path).split('\n').length > 45)).toEqual([])
  })

  test('every operation of the APIs is in docs/reference/api.md', () => {
    const sources = [...filesBelow('services/admin', '.ts'), ...filesBelow('services/producer', '.ts')]
    const declared = sources.flatMap((path) =>
      [...read(path).matchAll(/operationId: '(\w+)'/g)].map(([, id]) => id ?? ''),
    )
    const document = read('docs/reference/api.md')
    expect(declared.length).toBeGreaterThan(20)
    expect(declared.filter((id) => !document.includes(`\`${id}\``))).toEqual([])
  })
})

describe('docs/guarantees.md', () => {
  const document = read('docs/guarantees.md')
  const [claimed = '', planned = ''] = document.split('\n## Planned\n')
  const numbersOf = (text: string) => [...text.matchAll(/^\| (\d+a?) \|/gm)].map(([, number]) => number ?? '')

  test('every guarantee claimed names a test or command that shows it', () => {
    const rows = [...claimed.matchAll(/^\| \d+a? \|.*$/gm)].map(([row]) => row)
    expect(rows.filter((row) => !/\]\(\.\.\/test\//.test(row))).toEqual([])
  })

  test('every file of test/guarantees is in the row of its number', () => {
    const rows = new Map([...claimed.matchAll(/^\| (\d+a?) \|.*$/gm)].map(([row, number = '']) => [number, row]))
    const missing = readdirSync(new URL('test/guarantees/', root)).filter((name) => {
      const number = /^0?(\d+a?)-/.exec(name)?.[1] ?? ''
      return !rows.get(number)?.includes(`test/guarantees/${name})`)
    })
    expect(missing).toEqual([])
  })

  test('no guarantee is both claimed and planned', () => {
    expect(new Set(numbersOf(claimed)).intersection(new Set(numbersOf(planned)))).toEqual(new Set())
  })
})

describe('docs/reference/contract.md', () => {
  const contract = read('docs/reference/contract.md')

  test('docs/reference/contract.md has every field of a definition, with the default of its schema', () => {
    const section = sectionOf(contract, '## 5. HTTP interfaces')
    const rows = [...section.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|[^|]*\| ([^|]*) \|/gm)]
    const shown = new Map(
      rows.flatMap(([, names = '', value = '']) => names.split(', ').map((name) => [name.slice(1, -1), value])),
    )
    const { properties } = readSchema(topics.webhookConfig) as { properties: Record<string, { default?: unknown }> }
    expect([...shown.keys()].sort()).toEqual(Object.keys(properties).sort())
    for (const [name, { default: value }] of Object.entries(properties))
      if (value !== undefined && typeof value !== 'object') expect(shown.get(name), name).toBe(`\`${value}\``)
  })

  test('docs/reference/contract.md has every reason of a dead letter', () => {
    const section = sectionOf(contract, '## 4. Topics and records')
    const shown = [...section.matchAll(/^\| `(\w+)`(?: or `\w+_FILE`)? \|/gm)].map(([, reason]) => reason)
    expect(shown).toEqual(deadLetterReasons)
  })
})

describe('documents that comments and tests cite', () => {
  const sources = ['services', 'deploy', 'test', '.ci']
    .flatMap((folder) => filesBelow(folder, ''))
    .filter((path) => /(\.(tsx?|mjs|py|yml)|Dockerfile|\.ci\/run)$/.test(path) && path !== 'test/unit/docs.test.ts')
  const contract = read('docs/reference/contract.md')
  const guarantees = read('docs/guarantees.md')
  const places = ['', 'docs/', 'docs/reference/', 'docs/operating/']

  /** Problems of the places that a text cites: "services/a.ts: contract.md, section 9". */
  const problemsOf = (text: string, isThere: (path: string) => boolean): string[] => {
    const joined = text.replaceAll(/\n\s*(?:\*|\/\/) ?/g, ' ')
    const problems: string[] = []
    for (const [cite, path = ''] of joined.matchAll(/([\w./-]*[\w-]\.md)\b/g))
      if (!places.some((place) => isThere(place + path.replace(/^(\.\.\/)+/, '')))) problems.push(cite)
    for (const [cite, number = ''] of joined.matchAll(/contract\.md, section (\d+)/g))
      if (!new RegExp(`^## ${number}\\. `, 'm').test(contract)) problems.push(cite)
    for (const [cite, rule = ''] of joined.matchAll(/contract\.md, 1\.(\d+)/g))
      if (!new RegExp(`^${rule}\\. `, 'm').test(sectionOf(contract, '## 1. Rules'))) problems.push(cite)
    for (const [cite, number = ''] of joined.matchAll(/\b(?:guarantees\.md,|[Gg]uarantee) (\d+a?)\b/g))
      if (!new RegExp(`^\\| ${number} \\|`, 'm').test(guarantees)) problems.push(cite)
    for (const [cite, number = ''] of joined.matchAll(/\b[Dd]ecision (\d+)\b/g))
      if (!documents.some((path) => path.includes(`decisions/${number.padStart(4, '0')}-`))) problems.push(cite)
    return problems
  }

  test('every document cited in code exists, with the section or number cited', () => {
    expect(sources.length).toBeGreaterThan(300)
    expect(sources.flatMap((path) => problemsOf(read(path), isThere).map((problem) => `${path}: ${problem}`))).toEqual(
      [],
    )
  })

  test.each([
    '/** The rule (design.md, retries). */',
    '// contract.md, section 9',
    '/** Sections 1 to 6 (contract.md,\n * section 7). */',
    '// contract.md, 1.19',
    '// guarantees.md, 99',
    '// guarantee 66 shows it',
    '// decision 99',
  ])('a citation of a missing document is found: %s', (text) => {
    expect(problemsOf(text, (path) => documents.includes(path))).toHaveLength(1)
  })
})
