import { readdirSync, readFileSync } from 'node:fs'
import { parseAst } from 'vite'
import { expect, test } from 'vitest'

// Names of tests state subject and guarantee by themselves (CONTRIBUTING.md, "Tests"): a failing line shows them
// without the names of the groups around them.

const folder = new URL('../', import.meta.url)
const leastWords = 4
/** Placeholders of test.each and of templates, which do not count as words. */
const placeholder = /%[sdifjo#]|\$\{.*?\}|\$\w+/g
/** Beginnings of a name whose subject is missing. */
const verbFirst =
  /^(is|are|was|were|has|have|had|does|do|did|can|may|must|will|not|never|also|and|or|but|that|which|who|tells|says|gives|gets|takes|keeps|holds|comes|goes|becomes|ends|begins|starts|stops|finds|shows|refuses|looks|makes|sends|agrees|asks|knows|adds|stands|produces)\b/

type Node = { type: string; start: number } & Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

/** Names of the tests in a source, as written; computed names are left out. */
function testNames(source: string): { name: string; line: number }[] {
  const names: { name: string; line: number }[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each)
    if (!isNode(node)) return
    const [first] = node.type === 'CallExpression' && isTest(node.callee) ? (node.arguments as Node[]) : []
    if (first && (typeof first.value === 'string' || first.type === 'TemplateLiteral')) {
      const name = source.slice(first.start + 1, Number(first.end) - 1)
      names.push({ name, line: source.slice(0, first.start).split('\n').length })
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(source, { lang: 'ts' }).body)
  return names
}

/** True if a callee is `test`, `it`, or one of their forms such as `test.each(rows)`. */
function isTest(callee: unknown): boolean {
  if (!isNode(callee)) return false
  if (callee.type === 'Identifier') return callee.name === 'test' || callee.name === 'it'
  return isTest(callee.object ?? callee.callee ?? callee.tag)
}

function faultOf(name: string): string | null {
  const words = name.replace(placeholder, '').match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length < leastWords) return `fewer than ${leastWords} words beside its placeholders`
  return verbFirst.test(name) ? 'begins with a verb or conjunction, not with its subject' : null
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')

test('the name of every test states its subject and its guarantee', () => {
  const names = files.flatMap((path) =>
    testNames(read(path)).map(({ name, line }) => ({ name, place: `test/${path}:${line}` })),
  )
  expect(names.length).toBeGreaterThan(500)
  const faults = names.flatMap(({ name, place }) => {
    const fault = faultOf(name)
    return fault === null ? [] : [`${place}: "${name}" ${fault}`]
  })
  expect(faults).toEqual([])
})

test('every file with tests is run: it is called .test.ts, or one in its folder imports it', () => {
  const isRun = (path: string) => {
    const [folderOf = '', name = ''] = path.split(/(?<=\/)(?=[^/]*$)/)
    return files.some(
      (each) => each.startsWith(folderOf) && each.endsWith('.test.ts') && read(each).includes(`import './${name}'`),
    )
  }
  const others = files.filter((path) => !path.endsWith('.test.ts') && testNames(read(path)).length > 0)
  expect(others.filter((path) => !isRun(path))).toEqual([])
})

test.each([
  'everything passes',
  '%s',
  'are 50',
  'one probe only',
  'is waited for, in order',
  'not begun by an expired %s',
])('a test name without its subject is found: "%s"', (name) => {
  const rows = 'test.each([[1]])'
  for (const call of ['test', 'it', 'test.skipIf(true)', 'test.for([1])', rows]) {
    const found = testNames(`describe('a', () => {\n  ${call}(${JSON.stringify(name)}, () => {})\n})`)
    expect(found).toEqual([{ name, line: 2 }])
  }
  expect(faultOf(name)).not.toBeNull()
})

test('a test name with its subject is accepted', () => {
  expect(faultOf('a half-open breaker admits exactly one probe')).toBeNull()
  expect(faultOf('the address %s is blocked')).toBeNull()
})
