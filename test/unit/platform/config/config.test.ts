import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import { formatterConfig } from '../../../../services/formatter/config.ts'
import { ConfigError, describeConfig, loadConfig } from '../../../../services/platform/config/config.ts'

const schema = Type.Object({
  TEXT: Type.String({ default: 'x', description: 'some text' }),
  COUNT: Type.Integer({ default: 5, minimum: 1, maximum: 9, description: 'a count' }),
  FLAG: Type.Boolean({ default: false, description: 'a switch' }),
  CHOICE: Type.Enum(['a', 'b'], { default: 'a', description: 'a choice' }),
  KEY: Type.String({ pattern: '^k', description: 'a key', secret: true }),
})

test('values have their types, defaults are filled in, and an empty variable counts as unset', () => {
  expect(loadConfig(schema, { KEY: 'k1', COUNT: '7', FLAG: 'true', TEXT: '', OTHER: 'x' })).toEqual({
    TEXT: 'x',
    COUNT: 7,
    FLAG: true,
    CHOICE: 'a',
    KEY: 'k1',
  })
})

function faultOf(env: Record<string, string>): string {
  try {
    loadConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'none'
}

describe('wrong variables', () => {
  test.each([
    [{ COUNT: '10' }, 'COUNT is "10"; allowed: integer from 1 to 9 (a count)'],
    [{ COUNT: 'many' }, 'COUNT is "many"; allowed: integer from 1 to 9 (a count)'],
    [{ COUNT: '1.5' }, 'COUNT is "1.5"; allowed: integer from 1 to 9 (a count)'],
    [{ FLAG: 'yes' }, 'FLAG is "yes"; allowed: boolean (a switch)'],
    [{ CHOICE: 'c' }, 'CHOICE is "c"; allowed: a | b (a choice)'],
  ])('a wrong variable is named with its value and what is allowed: %o', (env, fault) => {
    expect(faultOf({ KEY: 'k1', ...env })).toBe(fault)
  })

  test('a required variable that is not set is named', () => {
    expect(faultOf({})).toBe('KEY is not set; allowed: string like ^k (a key)')
  })

  test('a wrong secret is named without its value', () => {
    const fault = faultOf({ KEY: 'hunter2' })
    expect(fault).toBe('KEY is (hidden); allowed: string like ^k (a key)')
  })

  test('all wrong variables are named at once', () => {
    expect(faultOf({ COUNT: '0', FLAG: 'x', KEY: 'k' }).split('\n')).toHaveLength(2)
  })
})

test("a configuration is described with each variable's type, default and documentation", () => {
  expect(describeConfig(schema)[1]).toEqual({
    name: 'COUNT',
    fileVariable: null,
    type: 'integer from 1 to 9',
    default: '5',
    description: 'a count',
  })
  for (const { name, description } of describeConfig(formatterConfig)) expect([name, description]).not.toContain('')
})

test('the formatter starts without any variable set', () => {
  expect(loadConfig(formatterConfig, {})).toMatchObject({
    HOOKLINE_HTTP_PORT: 8082,
    HOOKLINE_FORMATTER_COMMIT_INTERVAL_MS: 200,
  })
})
