import { readdirSync, readFileSync } from 'node:fs'
import { parseAst } from 'vite'
import { expect, test } from 'vitest'
import { normaliseLocation } from '../../services/domain/event/location.ts'
import { cpuMs, growsLinearly } from '../support/cpu-time.ts'

// Every regular expression of the services against texts that make it slow: an expression that takes quadratic time
// lets a few kilobytes of one text stop everything else (guarantee 40).

const root = new URL('../../', import.meta.url)

/** Places where expressions are put together at run time -> what they are tested by instead. */
const composed: Record<string, (text: string) => unknown> = {
  'services/domain/event/location.ts': normaliseLocation,
}

type Found = { name: string; source: string; test: (text: string) => unknown }

const found = expressions()

test('the regular expressions of the services are found', () => {
  expect(found.length).toBeGreaterThan(30)
  const made = found.filter(({ source }) => source === '').map(({ name }) => name)
  expect([...new Set(made)].sort()).toEqual(Object.keys(composed).sort())
})

test.each(found)('the expression in $name takes linear time: $source', ({ test: match, source }) => {
  expect(worstOf(match, source)).toBeNull()
})

test.each([/^\s*\[?\s*1\s*(?:[&,;]|\s)\s*1\s*\]?\s*$/, /\/+$/, /^(a+)+$/, /^(\w+\.?)*@/, /<.*>.*<.*>$/])(
  'an expression that takes longer than linear time is noticed: %s',
  (expression) => {
    expect(worstOf((text) => expression.test(text), expression.source)).not.toBeNull()
  },
)

/** The text that takes too long, shortened, or null. */
function worstOf(match: (text: string) => unknown, source: string): string | null {
  for (const make of worstTexts(source)) {
    // The short texts first, because the time of some expressions doubles with each character.
    for (const length of [25, 200, 2_000]) {
      const short = make(length)
      if (cpuOnce(match, short) > shortLimitMs && cpuMs(() => match(short)) > shortLimitMs) return short.slice(0, 50)
    }
    const long = make(20_000)
    if (cpuOnce(match, long) <= shortLimitMs) continue
    const short = make(2_000)
    const isLinear = growsLinearly(
      () => match(short),
      () => match(long),
    )
    if (!isLinear) return long.slice(0, 50)
  }
  return null
}

/** A linear search of 20,000 characters takes a hundredth of this. */
const shortLimitMs = 15

function cpuOnce(match: (text: string) => unknown, text: string): number {
  const before = process.threadCpuUsage()
  match(text)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

/** Runs of each kind of character that the expression may contain, between others, with an end that never matches. */
function worstTexts(source: string): ((length: number) => string)[] {
  const letters = source.match(/[\w\s/.&,;:=@<[{"'-]/g) ?? []
  const pumps = [...new Set([' ', '1', 'a', 'A', '/', '.', '-', '\t', '1 ', 'a.', '\n', ...letters])]
  const starts = [...new Set(['', '1', 'a', '/', '[', '"', ...literalStarts(source)])]
  return pumps.flatMap((pump) =>
    starts.flatMap((start) => [
      (length: number) => `${start}${pump.repeat(length)}\0é`,
      (length: number) => `${start}${pump.repeat(length / 2)}1${pump.repeat(length / 2)}x`,
    ]),
  )
}

/** The literal beginning of an expression: "Bearer ", "msg_", "http://". */
function literalStarts(source: string): string[] {
  const [, literal = ''] = /^\^([\w /:@-]+)/.exec(source.replaceAll('\\/', '/')) ?? []
  return [literal]
}

function expressions(): Found[] {
  const all: Found[] = []
  const add = (name: string, pattern: string, flags: string) => {
    const expression = new RegExp(pattern, flags.replaceAll(/[gy]/g, ''))
    all.push({ name, source: pattern, test: (text) => expression.test(text) })
  }
  for (const file of filesOf('services', '.ts')) {
    const source = readFileSync(new URL(file, root), 'utf8')
    visit(parseAst(source, { lang: 'ts' }), (node) => {
      const { regex, callee, key, value } = node
      if (regex) add(file, regex.pattern, regex.flags)
      if (key?.name === 'pattern' && typeof value?.value === 'string') add(file, value.value, 'u')
      if (node.type === 'NewExpression' && callee?.name === 'RegExp')
        all.push({ name: file, source: '', test: composed[file] ?? (() => null) })
    })
  }
  for (const file of filesOf('schemas', '.schema.json')) {
    const schema = JSON.parse(readFileSync(new URL(file, root), 'utf8')) as Node
    visit(schema, ({ pattern }) => {
      if (typeof pattern === 'string') add(file, pattern, 'u')
    })
  }
  return all
}

type Node = {
  type?: string
  regex?: { pattern: string; flags: string }
  callee?: { name?: string }
  key?: { name?: string }
  value?: { value?: unknown }
  pattern?: unknown
}

function visit(node: unknown, at: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) at(node as Node)
  for (const inner of Object.values(node)) visit(inner, at)
}

/** Files without the console, which runs on its user's own text, and without variables, which the operator sets. */
function filesOf(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.startsWith('console/') && !name.endsWith('/config.ts'))
    .map((name) => `${folder}/${name}`)
}
