import { expect, test } from 'vitest'
import { adminDocument } from '../../../../../deploy/docs/admin-document.ts'
import { schemaRules } from '../../../../../services/domain/api/refusals.ts'

type Operation = { operationId: string; requestBody?: object; parameters?: object[]; responses: Record<string, object> }
type Document = { paths: Record<string, Record<string, Operation>>; components?: object }

const document = (await adminDocument()) as Document
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
const withBody = operations.filter(({ requestBody }) => requestBody !== undefined)

test('the document has the operations with a body, of sessions as well', () => {
  expect(withBody.map(({ operationId }) => operationId)).toEqual(
    expect.arrayContaining(['beginSession', 'createWebhook', 'replay', 'testDraft', 'testWebhook']),
  )
})

test.each(withBody)('the operation $operationId documents the refusals of a body', ({ responses }) => {
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['413', '415', '422']))
})

/** Keywords that describe a value, or hold other schemas, and refuse nothing by themselves. */
const notRules = ['$ref', 'description', 'title', 'default', 'examples', 'items', 'properties']

function keywordsOf(schema: object, found: Set<string>): Set<string> {
  const target = (schema as { $ref?: string }).$ref?.split('/').slice(1) ?? []
  const resolved = target.reduce((place: object, name) => place[name as keyof typeof place], document as object)
  const used = target.length > 0 ? resolved : schema
  for (const [keyword, value] of Object.entries(used)) {
    if (!notRules.includes(keyword)) found.add(keyword)
    if (keyword === 'properties') for (const each of Object.values(value)) keywordsOf(each as object, found)
    else if (keyword === 'anyOf') for (const each of value) keywordsOf(each, found)
    else if (['items', 'additionalProperties', 'propertyNames'].includes(keyword) && typeof value === 'object')
      keywordsOf(value, found)
  }
  return found
}

test('every rule that a request can break is among the codes of refusals', () => {
  const found = new Set<string>()
  for (const { requestBody, parameters = [] } of operations) {
    for (const { schema } of parameters as { schema: object }[]) keywordsOf(schema, found)
    const { content = {} } = (requestBody ?? {}) as { content?: Record<string, { schema: object }> }
    for (const { schema } of Object.values(content)) keywordsOf(schema, found)
  }
  expect(found).toContain('maxLength')
  expect([...found].filter((keyword) => !schemaRules.some((rule) => rule === keyword))).toEqual([])
})
