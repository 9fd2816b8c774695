import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Operation, readOperations, signIn, statusOf } from '../support/api-operations.ts'
import { figure } from '../support/figure.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

const business = 'b1'
const activation = { webhooksEnabled: true }

let world: TestStack
let adminUrl: string
let changing: Operation[]
/** Headers of a super admin's browser on our own page. */
let own: Record<string, string>

beforeAll(async () => {
  const { brokers, schemaRegistryUrl } = { brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') }
  world = await startTestStack({ brokers, schemaRegistryUrl, services: ['admin'] })
  adminUrl = world.stack.service('admin').url
  changing = (await readOperations(adminUrl)).filter(({ method }) => method !== 'GET')
  const session = await signIn(await world.stack.loginUrl({ role: 'super_admin', businessId: '*' }))
  own = { ...session, origin: adminUrl, 'sec-fetch-site': 'same-origin' }
})

afterAll(() => world?.[Symbol.asyncDispose]())

test('a page of another site cannot change anything', async () => {
  const foreign: Record<string, Record<string, string>> = {
    'a form, as a browser sends it': {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'x-csrf-token': '',
      'content-type': 'text/plain',
    },
    'a browser without Fetch Metadata': { origin: 'https://evil.example', 'sec-fetch-site': '' },
    'a page of the same site': { 'sec-fetch-site': 'same-site' },
    'an opaque origin': { origin: 'null' },
    'our page, without the token': { 'x-csrf-token': '' },
    'our page, with another token': { 'x-csrf-token': 'x'.repeat(own['x-csrf-token']?.length ?? 0) },
  }
  const before = await state()
  const answers: [string, string, number][] = []
  for (const [what, changes] of Object.entries(foreign))
    for (const operation of changing) {
      const headers = Object.fromEntries(Object.entries({ ...own, ...changes }).filter(([, value]) => value !== ''))
      answers.push([what, operation.operationId, await statusOf(adminUrl, operation, business, headers, activation)])
    }
  figure(35, `${answers.length} changing requests of other sites' pages, or without our token: changes 0`)
  expect(answers.filter(([, , status]) => status !== 403)).toEqual([])
  expect(await state()).toBe(before)
})

test('control: our own page can make the same change', async () => {
  const before = await state()
  const account = changing.find(({ operationId }) => operationId === 'putAccount')
  if (!account) throw new Error('no putAccount')
  expect(await statusOf(adminUrl, account, business, own, activation)).toBe(200)
  expect(await state()).not.toBe(before)
})

test.each(['/', '/businesses/b1', '/assets/none.js', '/api/v1/session', '/openapi.json'])(
  'the content security policy of %s is strict',
  async (path) => {
    const { headers } = await fetch(adminUrl + path, { headers: { accept: 'text/html' } })
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).not.toMatch(/unsafe|\*|http:|https:|data:.*script/)
    const own = ['script', 'style', 'font', 'connect'].map((kind) => `${kind}-src 'self'`)
    const none = ['default-src', 'frame-ancestors', 'base-uri', 'form-action', 'object-src'].map(
      (kind) => `${kind} 'none'`,
    )
    for (const part of [...own, ...none]) expect(policy).toContain(part)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  },
)

/** State that could have been changed. */
async function state(): Promise<string> {
  const headers = { authorization: `Bearer ${world.token}` }
  const read = async (path: string) =>
    (await fetch(`${adminUrl}/api/v1/businesses/${business}/${path}`, { headers })).text()
  return (await read('webhooks')) + (await read('account'))
}
