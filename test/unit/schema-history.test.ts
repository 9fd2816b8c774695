import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { describe, expect, test } from 'vitest'

// Schemas are registered under FULL_TRANSITIVE (contract.md, section 4): each must read, and be read by, every version
// ever committed. The registry would refuse others too, but only when someone applies them.

const root = fileURLToPath(new URL('../../', import.meta.url))
const schemasFolder = new URL('../../schemas/', import.meta.url)
const schemaFiles = readdirSync(schemasFolder).filter((name) => name.endsWith('.avsc'))

type History = { found: true; isWhole: boolean } | { found: false; why: string }

function git(...args: string[]): string {
  return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function historyHere(): History {
  try {
    const isShallow = git('rev-parse', '--is-shallow-repository').trim() === 'true'
    git('rev-parse', '--verify', 'HEAD')
    return { found: true, isWhole: !isShallow }
  } catch (error) {
    return { found: false, why: String((error as { stderr?: string }).stderr ?? error).trim() }
  }
}

/** Committed versions of a schema reachable from HEAD, newest first, each text once. */
function versionsOf(file: string): { commit: string; text: string }[] {
  const commits = git('log', '--format=%h', '--diff-filter=AM', 'HEAD', '--', `schemas/${file}`).split('\n')
  const versions = new Map<string, string>()
  for (const commit of commits.filter(Boolean)) versions.set(git('show', `${commit}:schemas/${file}`), commit)
  return [...versions].map(([text, commit]) => ({ commit, text }))
}

/** Why one of the two cannot read what the other writes, or null. */
function incompatibility(older: string, newer: string): string | null {
  const [before, after] = [older, newer].map((text) => avsc.Type.forSchema(JSON.parse(text) as avsc.Schema))
  if (!before || !after) throw new Error('two schemas are compared')
  return cannotRead(after, before, 'backward') ?? cannotRead(before, after, 'forward')
}

function cannotRead(reader: avsc.Type, writer: avsc.Type, direction: string): string | null {
  try {
    reader.createResolver(writer)
    return null
  } catch (error) {
    return `${direction}: ${error instanceof Error ? error.message : error}`
  }
}

const history = historyHere()

describe('every committed version', () => {
  test.each(schemaFiles)('the schema %s reads every committed version, and is read by it', (file) => {
    if (!history.found) {
      process.stdout.write(`${file}: not compared, there is no git history here (${history.why})\n`)
      expect(history.why).not.toBe('')
      return
    }
    if (!history.isWhole)
      process.stdout.write(`${file}: compared with part of its history only, the clone is shallow\n`)
    const present = readFileSync(new URL(file, schemasFolder), 'utf8')
    const incompatible = versionsOf(file).flatMap(({ commit, text }) => {
      const why = incompatibility(text, present)
      return why === null ? [] : [`schemas/${file} does not fit its version of commit ${commit}: ${why}`]
    })
    expect(incompatible).toEqual([])
  })
})

describe('what is compatible', () => {
  const record = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'R', fields })
  const a = { name: 'a', type: 'string' }
  const optional = { name: 'b', type: ['null', 'string'], default: null }
  const nested = (...fields: object[]) =>
    record({ name: 'n', type: { type: 'array', items: { type: 'record', name: 'N', fields } } })
  const enumOf = (...symbols: string[]) => record({ name: 'e', type: { type: 'enum', name: 'E', symbols } })

  test.each([
    ['nothing changed', record(a), record(a)],
    ['a field with a default is added', record(a), record(a, optional)],
    ['a field with a default is removed', record(a, optional), record(a)],
    ['doc is added', record(a), record({ ...a, doc: 'the first' })],
    ['the order of fields', record(a, optional), record(optional, a)],
    ['a nested field with a default is added', nested(a), nested(a, optional)],
  ])('a change is compatible: %s', (_what, older, newer) => {
    expect(incompatibility(older, newer)).toBeNull()
  })

  test.each([
    ['a field without a default is added', record(a), record(a, { name: 'b', type: 'string' })],
    ['a field without a default is removed', record(a, { name: 'b', type: 'string' }), record(a)],
    ['a field is renamed', record(a), record({ ...a, name: 'c' })],
    ['a type is changed', record(a), record({ ...a, type: 'int' })],
    ['int becomes long: only one way', record({ ...a, type: 'int' }), record({ ...a, type: 'long' })],
    ['a field becomes optional: only one way', record(a), record({ ...a, type: ['null', 'string'] })],
    ['a symbol is added: only one way', enumOf('x'), enumOf('x', 'y')],
    ['a symbol is removed: only one way', enumOf('x', 'y'), enumOf('x')],
    ['the record is renamed', record(a), record(a).replace('"R"', '"S"')],
    ['a nested field without a default is added', nested(a), nested(a, { name: 'b', type: 'string' })],
  ])('a change is not compatible: %s', (_what, older, newer) => {
    expect(incompatibility(older, newer)).not.toBeNull()
  })
})
