import { createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Operation, readOperations, signIn, statusOf } from '../support/api-operations.ts'
import { figure } from '../support/figure.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

type Identity = { headers: Record<string, string>; refusedBy: 401 | 403 | null }

const business = 'b1'
const admins = ['super admin', 'super admin of the business', 'session of a super admin']
const readers = [...admins, 'reader', 'both', 'family', 'session of a reader', 'session of a writer and reader']
const writers = [...admins, 'writer', 'both', 'family', 'session of a writer and reader']
const accountants = [...admins, 'accountant']
/** Identities with a token for all businesses. */
const everywhere = ['super admin', 'session of a super admin']
const elsewhere = ['super admin elsewhere', 'session of elsewhere']
const known = [
  ...new Set([...readers, ...writers, ...accountants, ...elsewhere]),
  'bodies',
  'publisher',
  'no permission',
  'no business',
]
const draft = { name: 'New', url: 'https://receiver.example/', channels: ['of-nobody'] }

/**
 * Identities that each operation answers with something other than 401 and 403. Operations on a missing webhook end in
 * 404.
 */
const allowed: Record<string, { who: readonly string[]; body?: object }> = {
  listWebhooks: { who: readers },
  createWebhook: { who: writers, body: { ...draft, name: 1 } },
  testDraft: { who: writers, body: { definition: { ...draft, enabled: false } } },
  getSample: { who: readers },
  getWebhook: { who: readers },
  patchWebhook: { who: writers, body: { enabled: false } },
  deleteWebhook: { who: writers },
  pauseWebhook: { who: writers },
  resumeWebhook: { who: writers },
  rotateSecret: { who: writers },
  testWebhook: { who: writers, body: {} },
  replay: { who: writers, body: { deadLetters: true } },
  replayUnread: { who: everywhere, body: { topic: 'message-events', since: 'yesterday' } },
  getReplay: { who: readers },
  listReplays: { who: readers },
  stopReplay: { who: writers },
  probeWebhook: { who: writers },
  getStats: { who: readers },
  listErrors: { who: readers },
  listErrorGroups: { who: readers },
  listAttempts: { who: readers },
  getAttempt: { who: readers },
  listDeadLetters: { who: readers },
  exportAttempts: { who: readers },
  listNewDeliveries: { who: [...admins, 'family', 'bodies'] },
  exportDeadLetters: { who: readers },
  findNotifications: { who: readers },
  getNotification: { who: readers },
  listSeenChannels: { who: readers },
  getAccount: { who: readers },
  putAccount: { who: accountants, body: { webhooksEnabled: 'yes' } },
  listBusinesses: { who: [...readers, ...elsewhere] },
  getOverview: { who: [...readers, ...elsewhere] },
  listAlerts: { who: readers },
  sendTestAlert: { who: accountants },
  listAudit: { who: readers },
  followChanges: { who: readers },
  getSession: { who: known },
  endSession: { who: known },
}

let world: TestStack
let adminUrl: string
let identities: Record<string, Identity>
let operations: Operation[]

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'admin'],
    // Every invalid identity tries every operation.
    extraEnv: { HOOKLINE_FAILED_LOGINS_PER_MINUTE: '100000' },
  })
  adminUrl = world.stack.service('admin').url
  identities = await everyone()
  operations = await readOperations(adminUrl)
  // Last, because ending the session makes the identity invalid.
  operations.sort((a, b) => Number(a.operationId === 'endSession') - Number(b.operationId === 'endSession'))
})

afterAll(() => world?.[Symbol.asyncDispose]())

test('every operation of the API is in the table of permissions', () => {
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(allowed).sort())
})

test('every operation is allowed or refused to each identity as the table says', async () => {
  const wrong: string[] = []
  let cells = 0
  for (const operation of operations)
    for (const [who, { headers, refusedBy }] of Object.entries(identities)) {
      cells++
      const { who: letIn = [], body } = allowed[operation.operationId] ?? {}
      const status = await statusOf(adminUrl, operation, business, headers, body)
      const isRefused = status === 401 || status === 403
      const expected = letIn.includes(who) ? 'let in' : (refusedBy ?? 403)
      if (expected === 'let in' ? isRefused || status >= 500 : status !== expected)
        wrong.push(`${operation.operationId} by ${who}: ${status} instead of ${expected}`)
    }
  figure(
    34,
    `${cells} cells of ${operations.length} operations and ${Object.keys(identities).length} identities: wrong ${wrong.length}`,
  )
  expect(wrong).toEqual([])
})

test('publishing requires events:write for the business', async () => {
  const publishers = ['publisher', 'super admin', 'super admin of the business']
  const url = `${world.stack.service('producer').url}/v1/events`
  const wrong: string[] = []
  for (const [who, { headers, refusedBy }] of Object.entries(identities)) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [event] }),
    })
    await response.body?.cancel()
    // The producer knows tokens only, and no sessions.
    const expected = publishers.includes(who) ? 202 : headers.authorization === undefined ? 401 : (refusedBy ?? 403)
    if (response.status !== expected) wrong.push(`${who}: ${response.status} instead of ${expected}`)
  }
  expect(wrong).toEqual([])
})

async function everyone(): Promise<Record<string, Identity>> {
  const { stack } = world
  const bearer = async (role: string, permissions: string[] = [], businessId = business): Promise<Identity> => ({
    headers: { authorization: `Bearer ${await stack.token({ role, permissions, businessId })}` },
    refusedBy: null,
  })
  const session = async (role: string, permissions: string[] = [], businessId = business): Promise<Identity> => ({
    headers: await signIn(await stack.loginUrl({ role, permissions, businessId })),
    refusedBy: null,
  })
  const bad = (token: string, scheme = 'Bearer'): Identity => ({
    headers: { authorization: `${scheme} ${token}` },
    refusedBy: 401,
  })
  const everything = { role: 'super_admin', permissions: ['events:write'], businessId: '*' }
  const good = await stack.token(everything)
  const [header = '', payload = '', signature = ''] = good.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()) }
  const foreign = new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)
  const confused = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`
  const secret = publicKey.export({ type: 'spki', format: 'pem' })
  const hmac = createHmac('sha256', secret).update(confused).digest('base64url')
  const reader = (await session('viewer', ['webhooks:read'])).headers
  return {
    nobody: { headers: {}, refusedBy: 401 },
    'expired token': bad(await stack.token(everything, '-1m')),
    'another issuer': bad(await stack.token({ ...everything, issuer: 'evil' })),
    "another issuer's key": bad(await foreign),
    'another audience': bad(await stack.token({ ...everything, audience: 'other' })),
    'alg none': bad(`${encode({ alg: 'none' })}.${payload}.`),
    'key confusion': bad(`${confused}.${hmac}`),
    'altered claims': bad(`${header}.${encode({ ...claims, sub: 'root' })}.${signature}`),
    'cut signature': bad(`${header}.${payload}.`),
    'basic authentication': bad(Buffer.from('admin:admin').toString('base64'), 'Basic'),
    'login token': bad((await stack.loginUrl(everything)).split('#')[1] ?? ''),
    'a cookie of its own making': {
      headers: { cookie: '__Host-hookline-session=sealed:v1:local:AAAA' },
      refusedBy: 401,
    },
    'altered session': { headers: { ...reader, cookie: `${reader.cookie}A` }, refusedBy: 401 },
    'super admin': await bearer('super_admin', [], '*'),
    'super admin of the business': await bearer('super_admin'),
    'super admin elsewhere': await bearer('super_admin', [], 'b2'),
    reader: await bearer('viewer', ['webhooks:read']),
    writer: await bearer('editor', ['webhooks:write']),
    both: await bearer('editor', ['webhooks:read', 'webhooks:write']),
    family: await bearer('integrations', ['webhooks']),
    bodies: await bearer('developer', ['webhooks:bodies']),
    accountant: await bearer('billing', ['account:write']),
    publisher: await bearer('runtime', ['events:write']),
    'no permission': await bearer('operator'),
    'no business': await bearer('super_admin', [], ''),
    'session of a reader': { headers: reader, refusedBy: null },
    'session of a writer and reader': await session('editor', ['webhooks:read', 'webhooks:write']),
    'session of elsewhere': await session('super_admin', [], 'b2'),
    'session of a super admin': await session('super_admin', [], '*'),
  }
}

const time = '2026-03-01T12:00:00.000Z'
const event = {
  type: 'status',
  eventId: 'e1',
  businessId: business,
  chatPlatform: 'webchat',
  chatChannelId: 'c1',
  contactId: 'ana',
  customerId: 'ana',
  status: 'read',
  statusChangeTime: time,
  messageId: 'm1',
}
