import { expect, test } from 'vitest'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { readDocument, sectionOf } from '../support/documents.ts'

// The input records as contract.md, section 4, writes them, compared with the Avro schemas field by field.

type Field = { name: string; type: unknown; default?: unknown }
type Named = { type: string; name: string; namespace?: string; fields?: Field[]; symbols?: string[]; items?: Named }

/** Records of the document: name -> fields in order, as `name type`. */
const documented = new Map(
  [
    ...sectionOf(readDocument('docs/reference/contract.md'), '## 4. Topics and records').matchAll(
      /^- `(\w+)`: (.*(?:\n .*)*)\.$/gm,
    ),
  ].map(([, name = '', text = '']) => [name, fieldsIn(text.replaceAll(/\s+/g, ' '))]),
)

/** Splits "a string, b, c string?, d enum `D` {x, y}": a field without a type has the type of the next one that has it. */
function fieldsIn(text: string): string[] {
  const parts = text.split(/, (?![^{]*\})/).map((part) => part.match(/^(\w+)(?: (.*))?$/) ?? [])
  return parts.map(([, name, type], index) => `${name} ${type ?? parts.slice(index).find((part) => part[2])?.[2]}`)
}

/** A field of a schema in the document's words. */
function inWords({ name, type, default: fallback }: Field): string {
  if (JSON.stringify(type) === '["null","string"]' && fallback === null) return `${name} string?`
  const isEmptyMap = JSON.stringify(fallback) === '{}'
  const shown = fallback === undefined ? '' : ` (default ${isEmptyMap ? 'empty' : JSON.stringify(fallback)})`
  return `${name} ${typeInWords(type)}${shown}`
}

function typeInWords(type: unknown): string {
  if (typeof type === 'string') return type
  const { type: kind, name, logicalType, items, values, symbols } = type as Record<string, unknown>
  if (kind === 'long' && logicalType === 'timestamp-millis') return 'ts'
  if (kind === 'array') return `array of \`${(items as Named).name}\``
  if (kind === 'map') return `map of ${values}`
  if (kind === 'enum') return `enum \`${name}\` {${(symbols as string[]).join(', ')}}`
  return JSON.stringify(type)
}

const message = readSchema(topics.messageEvents) as Named
const items = message.fields?.find(({ name }) => name === 'messages')?.type as Named
const records = [message, items.items, readSchema(topics.statusEvents) as Named]

test.each(records.map((record) => [record?.name, record] as const))(
  'the record %s has the fields, types and defaults of contract.md',
  (name, record) => {
    expect(record?.fields?.map(inWords)).toEqual(documented.get(name ?? ''))
  },
)

test('every input record of contract.md has a schema in the namespace hookline', () => {
  expect([...documented.keys()].sort()).toEqual(records.map((record) => record?.name).sort())
  for (const record of records) expect(record?.namespace ?? 'hookline').toBe('hookline')
})
