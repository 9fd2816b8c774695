import { readdirSync, readFileSync } from 'node:fs'
import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { configSchemas } from '../../services/domain/definition/definition.ts'
import type { Event } from '../../services/domain/event/event.ts'
import { formatBody } from '../../services/domain/event/notification-body.ts'
import { notificationSchemas } from '../../services/domain/event/notification-schema.ts'
import { compileSchema } from '../../services/platform/json/json-schema.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { readDocument, sectionOf } from '../support/documents.ts'
import { notificationCases } from './notification-cases.ts'

// Bodies of version 1.1, byte for byte (contract.md, section 2). A golden file that has to change is a change of the contract.

const folder = new URL('golden/', import.meta.url)
const golden = (name: string) => readFileSync(new URL(`${name}.json`, folder), 'utf8')

const types = {
  message: avsc.Type.forSchema(readSchema(topics.messageEvents) as avsc.Schema),
  status: avsc.Type.forSchema(readSchema(topics.statusEvents) as avsc.Schema),
}

/** The event as it is decoded from Kafka. */
function throughAvro({ type, event }: Event): Event {
  return { type, event: types[type].fromBuffer(types[type].toBuffer(event)) } as Event
}

test.each(Object.entries(notificationCases))(
  'the body of the notification %s equals its golden file',
  (name, { event, wanted }) => {
    expect(formatBody(throughAvro(event), wanted)?.toString('utf8')).toBe(golden(name))
  },
)

test('every golden file has a test case', () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(notificationCases)
      .map((name) => `${name}.json`)
      .sort(),
  )
})

const bodies = sectionOf(readDocument('docs/reference/contract.md'), '## 2. Notification bodies, version 1.1')

/** Keys of a table of contract.md, in its order; a cell may name several. */
function keysIn(heading: string): string {
  const cells = [...sectionOf(bodies, heading).matchAll(/^\| (`.*?`) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, key]) => key)).join(' ')
}

const tables = {
  message: keysIn('### message'),
  item: keysIn('### Items of messages'),
  status: keysIn('### status'),
}

type Body = { type: 'message' | 'status'; messages?: object[] }

function objectsOf(table: keyof typeof tables): object[] {
  const bodies = Object.keys(notificationCases).map((name) => JSON.parse(golden(name)) as Body)
  return table === 'item'
    ? bodies.flatMap(({ messages = [] }) => messages)
    : bodies.filter(({ type }) => type === table)
}

describe.each(Object.entries(tables))('%s', (name, row) => {
  const rows = row.split(' ')
  const objects = objectsOf(name as keyof typeof tables)
  test("the keys of a notification are those of the contract's table, in its order", () => {
    for (const each of objects) expect(Object.keys(each)).toEqual(rows.filter((key) => key in each))
  })
  test.each(rows)('the key %s of the contract occurs in a golden file', (key) => {
    expect(objects.some((each) => key in each)).toBe(true)
  })
})

describe('the published JSON Schemas', () => {
  const [ofMessage, ofStatus] = Object.values(notificationSchemas)
  const checks = { message: compileSchema(ofMessage ?? {}), status: compileSchema(ofStatus ?? {}) }

  test.each(Object.entries({ ...notificationSchemas, ...configSchemas }))(
    'the published JSON Schema %s is current; if not: npm run docs',
    (name, schema) => {
      const file = readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8')
      expect(JSON.parse(file)).toEqual(schema)
    },
  )

  test.each(Object.keys(notificationCases))('the golden body %s is valid by its published JSON Schema', (name) => {
    const body = JSON.parse(golden(name)) as Body
    expect(checks[body.type](body)).toMatchObject({ ok: true })
  })

  test.each([
    ['an unknown key', { more: 1 }],
    ['a null', { firstName: null }],
    ['a time with an offset', { sessionCreationTime: '2026-01-01T00:00:00.000+01:00' }],
    ['another version', { v: '1.0' }],
  ])('the published JSON Schema refuses a body with %s', (_what, change) => {
    const body = JSON.parse(golden('webchat-all-authors')) as object
    expect(checks.message({ ...body, ...change })).toMatchObject({ ok: false })
  })

  test("the published JSON Schema has the keys of the contract's table, in its order", () => {
    const items = ofMessage?.properties as { messages: { items: { properties: object } } } | undefined
    expect(Object.keys(ofMessage?.properties ?? {}).join(' ')).toBe(tables.message)
    expect(Object.keys(items?.messages.items.properties ?? {}).join(' ')).toBe(tables.item)
    expect(Object.keys(ofStatus?.properties ?? {}).join(' ')).toBe(tables.status)
  })
})
