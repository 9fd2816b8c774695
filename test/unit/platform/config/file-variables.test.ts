import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Type from 'typebox'
import { afterAll, describe, expect, test } from 'vitest'
import { configurations } from '../../../../deploy/docs/tables/configuration-table.ts'
import { ConfigError, loadConfig } from '../../../../services/platform/config/config.ts'
import { currentText, textReader } from '../../../../services/platform/config/file-variables.ts'

const folder = mkdtempSync(join(tmpdir(), 'hookline-variables-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = (name: string) => join(folder, name)
const write = (name: string, text: string) => {
  writeFileSync(path(name), text)
  return path(name)
}
const schema = Type.Object({
  PASSWORD: Type.String({ default: '', secret: true, pattern: '^(h.*)?$', description: 'a password' }),
  KEYS: Type.String({ secret: true, description: 'needed' }),
  PLAIN: Type.String({ default: '', description: 'not a secret' }),
})

function faultOf(env: Record<string, string>): string {
  try {
    return JSON.stringify(loadConfig(schema, env))
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('a secret in a file', () => {
  test.each(['hunter2', 'hunter2\n', 'hunter2\r\n'])('%j is read without the line break at its end', (text) => {
    expect(loadConfig(schema, { PASSWORD_FILE: write('secret', text), KEYS: 'k' })).toMatchObject({
      PASSWORD: 'hunter2',
    })
  })

  test('a required secret may be in a file, and blanks within it are kept', () => {
    expect(loadConfig(schema, { KEYS_FILE: write('keys', ' a b \n') })).toMatchObject({ KEYS: ' a b ' })
  })

  test.each([
    ['is missing', path('missing'), 'ENOENT'],
    ['is a folder', folder, 'EISDIR'],
    ['is empty', write('empty', '\n'), 'is empty'],
  ])('a file that %s ends the start, and the variable is named with its path and the reason', (_what, file, why) => {
    const fault = faultOf({ PASSWORD_FILE: file, KEYS_FILE: file })
    for (const name of ['PASSWORD_FILE', 'KEYS_FILE'])
      expect(fault).toContain(`${name} is ${JSON.stringify(file)}; allowed: a readable file with a value (${why})`)
    expect(fault.split('\n')).toHaveLength(2)
  })

  test('a wrong secret is named by its file, without its content', () => {
    const file = write('wrong', 'swordfish')
    const fault = faultOf({ PASSWORD_FILE: file, KEYS: 'k' })
    expect(fault).toContain(`PASSWORD_FILE is ${JSON.stringify(file)}; allowed: a file with string like ^(h.*)?$`)
    expect(fault).not.toContain('swordfish')
  })

  test('a value and a file for the same variable are refused', () => {
    const fault = faultOf({ PASSWORD: 'h', PASSWORD_FILE: write('secret', 'h'), KEYS: 'k' })
    expect(fault).toBe('PASSWORD and PASSWORD_FILE are both set; allowed: one of them')
  })

  test('a file is not read for a variable that is not secret', () => {
    expect(loadConfig(schema, { PLAIN_FILE: write('secret', 'x'), KEYS: 'k' }).PLAIN).toBe('')
  })

  test('a replaced file is read again, and the last value is kept while it is missing', () => {
    const file = write('rotated', 'h1')
    const config = loadConfig(schema, { PASSWORD_FILE: file, KEYS: 'k' })
    const read = textReader(config, 'PASSWORD')
    write('rotated', 'h2')
    expect([currentText(config, 'PASSWORD'), read()]).toEqual(['h2', 'h2'])
    rmSync(file)
    expect(read()).toBe('h2')
    expect(() => currentText(config, 'PASSWORD')).toThrow(`PASSWORD_FILE is ${JSON.stringify(file)}: ENOENT`)
  })
})

test.each(Object.entries(configurations))('every secret of %s may be in a file', (_program, { properties }) => {
  const looksSecret = (name: string) => /PASSWORD|SECRET|PASSPHRASE|TOKEN$|KEY_RING|SSL_KEY/.test(name)
  const marked = (name: string) => (properties[name] as { secret?: boolean }).secret === true
  expect(Object.keys(properties).filter((name) => looksSecret(name) && !marked(name))).toEqual([])
})
