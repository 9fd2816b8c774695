import { expect, test } from 'vitest'
import { adminDocument } from '../../../../deploy/docs/admin-document.ts'

type Operation = { operationId: string; requestBody?: object; responses: Record<string, object> }
type Document = { paths: Record<string, Record<string, Operation>> }

const { paths } = (await adminDocument()) as Document
const withBody = Object.values(paths)
  .flatMap((operations) => Object.values(operations))
  .filter(({ requestBody }) => requestBody !== undefined)

test('the document has the operations with a body, of sessions as well', () => {
  expect(withBody.map(({ operationId }) => operationId)).toEqual(
    expect.arrayContaining(['beginSession', 'createWebhook', 'replay', 'testDraft', 'testWebhook']),
  )
})

test.each(withBody)('the operation $operationId documents the refusals of a body', ({ responses }) => {
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['413', '415', '422']))
})
