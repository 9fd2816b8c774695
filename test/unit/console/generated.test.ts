import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { adminDocument } from '../../../deploy/docs/admin-document.ts'
import { consoleClient } from '../../../deploy/docs/console-client.ts'

test("the console's client is that of admin's OpenAPI document; if not: npm run docs", async () => {
  const file = readFileSync(new URL('../../../services/console/src/api/generated.ts', import.meta.url), 'utf8')
  expect(file).toBe(consoleClient(await adminDocument()))
})
