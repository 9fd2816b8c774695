import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test, vi } from 'vitest'

const compiled = vi.spyOn(Ajv2020.prototype as unknown as { _compileSchemaEnv: () => unknown }, '_compileSchemaEnv')

test("a service that loads the client of Kafka compiles none of the schemas of the library's own clients", async () => {
  await import('../../../../../services/platform/kafka/client.ts')
  expect(compiled).not.toHaveBeenCalled()
})

test('a schema that is compiled when it is first needed refuses values as before, and says why', async () => {
  await import('../../../../../services/platform/kafka/wire/lazy-options.ts')
  const check = new Ajv2020().compile({ type: 'object', required: ['clientId'] })
  expect(check.errors).toBeUndefined()
  expect(check({ clientId: 'x' })).toBe(true)
  expect(check({})).toBe(false)
  expect(check.errors).toMatchObject([{ keyword: 'required' }])
  expect(compiled).toHaveBeenCalled()
})
