import { readdirSync, readFileSync } from 'node:fs'
import { posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// Rules of docs/architecture.md, "Layout", and CONTRIBUTING.md, "Style", that no compiler checks.

type Source = { path: string; text: string }
type Line = { text: string; number: number }

/** Violations in the lines of a file, as `line: why`; paths are relative to services/. */
type Rule = (path: string, lines: Line[]) => string[]

const maxLines = 250
const maxFiles = 12
const repository = fileURLToPath(new URL('../../', import.meta.url))
const root = new URL('../../services/', import.meta.url)

function sources(): Source[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path))
    .map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }))
}

function offenders(files: Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = withoutComments(text)
    return rules.flatMap((rule) => rule(path, lines)).map((offence) => `services/${path}:${offence}`)
  })
}

/** Blanks lines that are entirely comments: they may name what they explain. */
function withoutComments(text: string): Line[] {
  return text.split('\n').map((line, index) => ({ text: /^\s*(\/\/|\/?\*)/.test(line) ? '' : line, number: index + 1 }))
}

/** Targets of import, export ... from, import() and require(), including types. */
function importsOf(lines: Line[]): (Line & { target: string })[] {
  const pattern = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"]+)['"]/g
  return lines.flatMap((line) => [...line.text.matchAll(pattern)].map((match) => ({ ...line, target: match[1] ?? '' })))
}

const sharedFolders = ['domain', 'platform', 'topics', 'config-topics', 'targets', 'stats']

/** The folder of services/ that contains a path; empty for a file of services/ itself. */
function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : ''
}

function importRule(judge: (from: string, to: string, target: string) => string | undefined): Rule {
  return (path, lines) =>
    importsOf(lines).flatMap(({ target, number }) => {
      const resolved = target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), target)) : ''
      const why = judge(path, resolved, target)
      return why === undefined ? [] : [`${number}: imports ${target}: ${why}`]
    })
}

const isPackage = (resolved: string) => resolved === ''
const isOutside = (resolved: string) => resolved.startsWith('../')

/** typebox declares a type and its JSON Schema at once; it does nothing else. */
const domainStandsAlone = importRule((path, resolved, target) =>
  folderOf(path) === 'domain' && folderOf(resolved) !== 'domain' && target !== 'typebox'
    ? 'domain imports nothing outside itself'
    : undefined,
)

const platformKnowsNoWebhooks = importRule((path, resolved) =>
  folderOf(path) === 'platform' && !isPackage(resolved) && folderOf(resolved) !== 'platform'
    ? 'platform imports neither domain nor services'
    : undefined,
)

const servicesStandApart = importRule((path, resolved) => {
  const [own, other] = [folderOf(path), folderOf(resolved)]
  if (isPackage(resolved) || isOutside(resolved) || sharedFolders.includes(other)) return undefined
  // domain and platform, which import nothing else at all, have their own rules.
  return other === own || ['domain', 'platform'].includes(own) ? undefined : 'services do not import each other'
})

const servicesStayInside = importRule((path, resolved) => {
  const reachesOut = isOutside(resolved) && !resolved.startsWith('../schemas/') && folderOf(path) !== 'console'
  return reachesOut ? 'services import nothing of deploy/ or test/' : undefined
})

/** The console is bundled for browsers, so of the services it may contain only the domain's rules and types. */
const consoleTakesRulesAlone = importRule((path, resolved) =>
  folderOf(path) === 'console' && !isPackage(resolved) && !['console', 'domain'].includes(folderOf(resolved))
    ? 'the console imports nothing of the services but domain'
    : undefined,
)

/** Modules that load kafkajs, as published. Commands load them, and services none of them. */
const administration = [
  'platform/kafka/admin-client.ts',
  'platform/kafka/topics.ts',
  'stats-aggregator/rebuild/rebuild.ts',
]
const administrationCommands = ['topics/command.ts', 'stats-aggregator/rebuild/command.ts']

const kafkajsForAdministration = importRule((path, resolved, target) => {
  if (/^kafkajs\/./.test(target)) return 'kafkajs stays as published: no module of it is loaded alone'
  const isAllowed = [...administration, ...administrationCommands].includes(path)
  const loads = target === 'kafkajs' || administration.includes(resolved)
  return loads && !isAllowed ? 'only commands for administration load kafkajs' : undefined
})

const clientsBehindOneFolder = importRule((path, _resolved, target) =>
  /^@platformatic\/kafka(\/|$)/.test(target) && !path.startsWith('platform/kafka/')
    ? 'only platform/kafka knows the client'
    : undefined,
)

/**
 * Imports allowed to the dispatcher's engine, besides its own files and domain. All of them only calculate: time,
 * randomness and I/O come in through engine/ports.ts, so that a simulation can run the engine.
 */
const engine = 'dispatcher/engine/'
const engineHelpers = ['platform/runtime/clock.ts', 'platform/runtime/record-faults.ts', 'platform/commit-metadata.ts']
const enginePackages = ['denque', 'node:assert', 'node:crypto', 'node:zlib']

const engineDoesNoIo = importRule((path, resolved, target) => {
  if (!path.startsWith(engine)) return undefined
  const isPure = isPackage(resolved)
    ? enginePackages.includes(target)
    : resolved.startsWith(engine) || folderOf(resolved) === 'domain' || engineHelpers.includes(resolved)
  return isPure ? undefined : 'the engine imports nothing that does I/O'
})

function textRule(pattern: RegExp, why: string, isExempt: (path: string) => boolean = () => false): Rule {
  return (path, lines) =>
    isExempt(path)
      ? []
      : lines.flatMap(({ text, number }) => {
          const found = pattern.exec(text)
          return found ? [`${number}: ${found[0]}: ${why}`] : []
        })
}

/** A browser has no services/platform, so the console reads the time in its own file. */
const isClock = (path: string) => path === 'platform/runtime/clock.ts' || path === 'console/src/clock.ts'
const timeIsAnArgument = textRule(
  /\bDate\s*\.\s*now\b|\bMath\s*\.\s*random\b|\bnew\s+Date\s*(\(\s*\)|(?![\w\s(]))/,
  'time and chance are arguments, read in platform/runtime/clock.ts only',
  isClock,
)
/** The HTTP client has timers and sockets of its own; simulations replace it as a whole. */
const isSimulated = (path: string) =>
  /^(formatter|dispatcher|stats-aggregator)\//.test(path) && !path.startsWith('dispatcher/http/')
const timersAreTheClocks = textRule(
  /\bset(?:Timeout|Interval|Immediate)\b/,
  'services of the pipeline run under a simulated clock (docs/simulation.md): Clock has timers',
  (path) => !isSimulated(path),
)
const noRawMarkup = textRule(
  /dangerouslySetInnerHTML|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write\b/,
  'text stays text: markup in names and answers must not run (guarantees.md, 35)',
)
const noConsole = textRule(/\bconsole\s*\.\s*\w+/, 'logs go through pino')

const namesCarryUnits = textRule(
  /#?\b(?:\w*(?:[tT]imeout|[dD]elay|[iI]nterval|[pP]ause|[lL]atency|[dD]uration|[dD]eadline|[bB]ackoff|[wW]ait|[rR]etention|[pP]eriod|[sS]kew)|age|\w*[a-z]Age)\??(?:: number\b| = -?\d)/,
  'a number of time carries its unit: Ms, Seconds, Days',
)

const noBarrels: Rule = (path) => (/(^|\/)index\.tsx?$/.test(path) ? ['1: a barrel hides where a thing is'] : [])

const filesFitTheHead: Rule = (_path, lines) => {
  // A line break at the end does not begin another line.
  const count = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length
  return count > maxLines ? [`${maxLines + 1}: ${count} lines, more than ${maxLines}`] : []
}

const rules: Rule[] = [
  domainStandsAlone,
  platformKnowsNoWebhooks,
  servicesStandApart,
  servicesStayInside,
  consoleTakesRulesAlone,
  kafkajsForAdministration,
  clientsBehindOneFolder,
  engineDoesNoIo,
  timeIsAnArgument,
  timersAreTheClocks,
  noRawMarkup,
  noConsole,
  namesCarryUnits,
  noBarrels,
  filesFitTheHead,
]

test('services/ follows the rules of the architecture', () => {
  const files = sources()
  expect(files.length).toBeGreaterThan(50)
  expect(offenders(files)).toEqual([])
})

/** Exported types declared under the same name more than once. @param files of services/ and deploy/. */
function repeatedTypeNames(files: Source[]): string[] {
  const declared = files.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:type|interface|class|enum) (\w+)/gm)].map(
      ([, name = '']) => ({ name, path }),
    ),
  )
  const byName = Map.groupBy(declared, ({ name }) => name)
  return [...byName].flatMap(([name, places]) =>
    places.length > 1 ? [`${name}: ${places.map(({ path }) => path).join(', ')}`] : [],
  )
}

test('the name of an exported type is declared once in services/ and deploy/', () => {
  const generated = 'services/console/src/api/generated.ts'
  const paths = ['services', 'deploy'].flatMap(filesOf).filter((path) => /\.tsx?$/.test(path) && path !== generated)
  expect(paths.length).toBeGreaterThan(100)
  const files = paths.map((path) => ({ path, text: readFileSync(`${repository}${path}`, 'utf8') }))
  expect(repeatedTypeNames(files)).toEqual([])
})

test('planted: a type name that is declared twice is found, a local one and a re-export are not', () => {
  const files = [
    { path: 'a.ts', text: "export type Page = 1\nexport type { Logger } from 'pino'\ntype Row = 1" },
    { path: 'b.ts', text: 'export abstract class Page {}\nexport type Row = 2' },
  ]
  expect(repeatedTypeNames(files)).toEqual(['Page: a.ts, b.ts'])
})

/** Folders with too many files to survey at a glance. @param paths of files. */
function crowdedFolders(paths: string[]): string[] {
  const folders = Map.groupBy(paths, (path) => posix.dirname(path))
  return [...folders].flatMap(([folder, { length }]) =>
    length > maxFiles ? [`${folder}: ${length} files, more than ${maxFiles}`] : [],
  )
}

function filesOf(folder: string): string[] {
  return readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${relative(repository, parentPath).replaceAll('\\', '/')}/${name}`)
    .filter((path) => !/(^|\/)(node_modules|dist|__pycache__)\//.test(path))
}

test.each(['services', 'deploy'])('no folder of %s/ has more than 12 files', (folder) => {
  const paths = filesOf(folder)
  expect(paths.length).toBeGreaterThan(5)
  expect(crowdedFolders(paths)).toEqual([])
})

test('a folder of 13 files is found, and one of 12 is not, whatever its own folders contain', () => {
  const numbered = (folder: string, count: number) => Array.from({ length: count }, (_, n) => `${folder}/${n}.ts`)
  expect(crowdedFolders(numbered('services/a', 13))).toEqual(['services/a: 13 files, more than 12'])
  expect(crowdedFolders([...numbered('services/a', 12), ...numbered('services/a/b', 12)])).toEqual([])
})

const pure = 'the engine imports nothing that does I/O'
const clients = 'only platform/kafka knows the client'
const administrationOnly = 'only commands for administration load kafkajs'
const apart = 'services do not import each other'
const time = 'time and chance are arguments'
const units = 'a number of time carries its unit'

test.each(
  [
    ['domain/a.ts', "import { x } from '../platform/runtime/clock.ts'", 'domain imports nothing outside itself'],
    ['domain/a.ts', "import type { x } from '../topics/topic-map.ts'", 'domain imports nothing outside itself'],
    ['domain/a.ts', "import { readFileSync } from 'node:fs'", 'domain imports nothing outside itself'],
    ['platform/kafka/a.ts', "import type { Event } from '../../domain/event.ts'", 'platform imports neither'],
    ['platform/a.ts', "import { topics } from '../topics/topic-map.ts'", 'platform imports neither'],
    ['platform/a.ts', "import { x } from '../formatter/body.ts'", 'platform imports neither'],
    ['formatter/a.ts', "import { x } from '../dispatcher/send.ts'", apart],
    ['formatter/sub/a.ts', "export { x } from '../../admin/view.ts'", apart],
    ['console/App.tsx', "import { x } from '../platform/runtime/log.ts'", 'nothing of the services but domain'],
    ['console/src/App.tsx', "import { x } from '../../topics/topic-map.ts'", 'nothing of the services but domain'],
    ['console/src/App.tsx', '<p dangerouslySetInnerHTML={{ __html: name }} />', 'text stays text'],
    ['cli/a.ts', "const x = await import('../admin/view.ts')", apart],
    ['config-topics/a.ts', "import { x } from '../admin/view.ts'", apart],
    ['formatter/a.ts', "import { x } from '../../test/support/services.ts'", 'nothing of deploy/ or test/'],
    ['formatter/a.ts', "import kafkajs from 'kafkajs'", administrationOnly],
    ['platform/kafka/client.ts', "import { Kafka } from 'kafkajs'", administrationOnly],
    [
      'admin/main.ts',
      "import { withAdmin } from '../platform/kafka/admin-client.ts'",
      'only commands for administration',
    ],
    ['stats-aggregator/main.ts', "import { rebuild } from './rebuild/rebuild.ts'", administrationOnly],
    ['platform/kafka/topics.ts', "import { x } from 'kafkajs/src/errors.js'", 'stays as published'],
    ['formatter/a.ts', "import { Connection } from '@platformatic/kafka'", clients],
    ['formatter/a.ts', "import type { Kafka } from 'kafkajs'", administrationOnly],
    ['platform/a.ts', "import { x } from 'kafkajs/src/errors.js'", 'stays as published'],
    ['formatter/a.ts', "import {\n  type Kafka,\n} from 'kafkajs'", administrationOnly],
    ['dispatcher/engine/a.ts', "import { x } from '../http/deliver.ts'", pure],
    ['dispatcher/engine/gate/a.ts', "import type { x } from '../../takeover/takeover.ts'", pure],
    ['dispatcher/engine/a.ts', "import type { x } from '../main.ts'", pure],
    ['dispatcher/engine/a.ts', "import { x } from '../../platform/kafka/log-ids.ts'", pure],
    ['dispatcher/engine/a.ts', "import { x } from '../../config-topics/config-tables.ts'", pure],
    ['dispatcher/engine/a.ts', "import { x } from 'node:fs'", pure],
    ['dispatcher/engine/a.ts', "const x = await import('node:net')", pure],
    ['dispatcher/engine/a.ts', "import { request } from 'undici'", pure],
    ['formatter/a.ts', 'const now = Date.now()', time],
    ['formatter/a.ts', 'const now = Date.now', time],
    ['formatter/a.ts', 'const x = Math.random()', time],
    ['formatter/a.ts', 'const x = new Date()', time],
    ['formatter/a.ts', 'const x = new Date( )', time],
    ['formatter/a.ts', 'const x = new Date', time],
    ['dispatcher/outcome/a.ts', 'const timer = setInterval(run, 5)', 'Clock has timers'],
    ['formatter/a.ts', "console.log('x')", 'logs go through pino'],
    ['formatter/a.ts', 'const retryDelay = 500', units],
    ['formatter/a.ts', 'function wait(sessionTimeout: number) {}', units],
    ['formatter/a.ts', '  #pause?: number', units],
    ['formatter/index.ts', '', 'a barrel hides where a thing is'],
    ['formatter/a.ts', 'x\n'.repeat(251), '251 lines, more than 250'],
  ].map(([path = '', text = '', why = '']) => ({ path, text, why })),
)('a violation is found: $why, in $path', ({ path, text, why }) => {
  expect(offenders([{ path, text }])).toEqual([expect.stringContaining(why)])
})

test.each([
  ['domain/a.ts', "import Type from 'typebox'\nimport { x } from './event.ts'"],
  [
    'dispatcher/engine/gate/a.ts',
    "import { x } from '../ports.ts'\nimport { y } from '../../../domain/stats/stats.ts'",
  ],
  [
    'dispatcher/engine/a.ts',
    "import type { Clock } from '../../platform/runtime/clock.ts'\nimport Denque from 'denque'",
  ],
  ['dispatcher/http/a.ts', "import { x } from 'node:net'\nimport { y } from '../engine/ports.ts'"],
  ['platform/a.ts', "import { pino } from 'pino'"],
  ['dispatcher/http/a.ts', 'const timer = setTimeout(run, 5)'],
  ['platform/kafka/topics.ts', "import kafkajs from 'kafkajs'\nimport { x } from '../log.ts'"],
  ['platform/runtime/clock.ts', 'const now = Date.now()'],
  ['formatter/a.ts', "import { x } from './body.ts'\nimport { y } from '../domain/event.ts'"],
  ['formatter/a.ts', "import { x } from '../topics/topic-map.ts'\nimport { y } from '../platform/kafka/client.ts'"],
  ['config-topics/a.ts', "import { x } from '../domain/event.ts'\nimport { y } from '../topics/topic-map.ts'"],
  ['formatter/a.ts', '// Date.now() would not do\n/** nor new Date(), nor console.log */\nconst x = new Date(timeMs)'],
  ['formatter/a.ts', 'const retryDelayMs = 500\nconst largestPage = 200\nfunction f(timeoutSeconds: number) {}'],
  ['formatter/a.ts', 'x\n'.repeat(250)],
])('code that follows the rules is accepted in %s', (path, text) => {
  expect(offenders([{ path, text }])).toEqual([])
})
