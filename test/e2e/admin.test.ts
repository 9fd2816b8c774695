import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import { completesHeader } from '../../services/admin/definition-writes/record-headers.ts'
import { openHeader } from '../../services/config-topics/sealed-values.ts'
import { sealContext } from '../../services/domain/definition/definition.ts'
import { KeyRing } from '../../services/platform/keyring.ts'
import { openKafka, type TestKafka } from '../support/topic-reader.ts'

const prefix = `admin-test-${randomUUID()}-`
const keyRing = `k1=${randomBytes(32).toString('base64')}`
const keys = KeyRing.parse(keyRing)
const business = 'b1'
const headerValue = 'header-value-in-the-open'

let kafka: TestKafka
let admin: ChildProcess
let adminUrl: string
let token: string
const output: string[] = []
const secrets: string[] = []

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  token = await new SignJWT({ role: 'super_admin', businessId: '*' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject('admin-test')
    .setIssuer('hookline')
    .setAudience('hookline')
    .setExpirationTime('1h')
    .sign(privateKey)
  const env = {
    ...process.env,
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    HOOKLINE_TOPIC_PREFIX: prefix,
    HOOKLINE_PARTITIONS: '4',
    HOOKLINE_HTTP_HOST: '127.0.0.1',
    HOOKLINE_HTTP_PORT: '0',
    HOOKLINE_AUTH_PUBLIC_KEY: JSON.stringify(await exportJWK(publicKey)),
    HOOKLINE_KEY_RING: keyRing,
  }
  kafka = openKafka(inject('brokers'))
  await promisify(execFile)(process.execPath, ['services/topics/command.ts', 'apply'], { env })
  // Written before admin starts: to be completed once the topic has been read to its end.
  await byHand({ id: 'early', name: 'Early', channels: ['early-1'] })
  admin = spawn(process.execPath, [serviceFile('admin')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  adminUrl = await listening(admin)
  // Admin listens before it has read its tables, and reports that it is not ready.
  expect((await fetch(`${adminUrl}/healthz`)).status).toBe(200)
  const isReady = async () => expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200)
  await vi.waitFor(isReady, { timeout: 60_000, interval: 100 })
})

afterAll(async () => {
  if (admin.exitCode === null) {
    const exited = once(admin, 'exit')
    admin.kill('SIGTERM')
    await exited
  }
  const client = kafka.admin()
  await client.connect()
  const names = await client.listTopics()
  await client.deleteTopics({ topics: names.filter((name) => name.startsWith(prefix)) })
  await client.disconnect()
})

test.each(['/healthz', '/readyz', '/metrics', '/openapi.json'])(
  'the path %s answers without authentication',
  async (path) => {
    const response = await fetch(`${adminUrl}${path}`)
    expect([response.status, (await response.text()).length > 0]).toEqual([200, true])
  },
)

test('a webhook can be created, read, patched, rotated and deleted, and a conflict is reported', async () => {
  const made = await call('POST', '/webhooks', {
    name: 'Orders',
    url: 'https://shop.example/hooks',
    channels: ['c1', 'c2'],
    headers: { 'X-Key': headerValue },
  })
  expect(made).toMatchObject({
    status: 201,
    etag: expect.stringMatching(/^"1-\d+"$/),
    body: { name: 'Orders', headers: { 'X-Key': '***' } },
  })
  secrets.push(made.body.secret)
  const path = `/webhooks/${made.body.id}`
  expect(await call('GET', path)).toMatchObject({ status: 200, body: { channels: ['c1', 'c2'], version: 1 } })

  const taken = await call('POST', '/webhooks', { name: 'B', url: 'https://b.example/', channels: ['c2'] })
  expect(taken).toMatchObject({ status: 409, body: { conflicts: [{ channel: 'c2', name: 'Orders' }] } })

  const patched = await call('PATCH', path, { channels: ['c1'], name: 'Renamed' }, '"1"')
  expect(patched).toMatchObject({
    status: 200,
    etag: expect.stringMatching(/^"2-\d+"$/),
    body: { channels: ['c1'], headers: { 'X-Key': '***' } },
  })
  expect(await call('PATCH', path, { name: 'Late' }, '"1"')).toMatchObject({ status: 412 })
  expect(await call('GET', path)).toMatchObject({ body: { name: 'Renamed' } })

  const rotated = await call('POST', `${path}/secret/rotate`)
  expect(rotated).toMatchObject({ status: 200, etag: expect.stringMatching(/^"3-\d+"$/) })
  secrets.push(rotated.body.secret)
  const stored = await newest(made.body.id)
  expect(open(stored, 'secret')).toBe(rotated.body.secret)
  expect(open(stored, 'previousSecret')).toBe(made.body.secret)
  expect(openHeader(keys, stored, 'X-Key', stored.headers['X-Key'])).toEqual({
    ok: true,
    plain: headerValue,
  })

  expect(await call('DELETE', path, undefined, '"3"')).toMatchObject({ status: 204 })
  expect(await call('GET', path)).toMatchObject({ status: 404 })
  expect(await newest(made.body.id)).toBeNull()
})

test('of ten concurrent requests for one channel, exactly one gets it', async () => {
  const bodies = Array.from({ length: 10 }, (_, i) => ({
    name: `R${i}`,
    url: 'https://r.example/',
    channels: ['race'],
  }))
  const answers = await Promise.all(bodies.map((body) => call('POST', '/webhooks', body)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
})

test('an account can be activated', async () => {
  expect(await call('GET', '/account')).toMatchObject({ status: 200, body: { webhooksEnabled: false } })
  expect(await call('PUT', '/account', { webhooksEnabled: true })).toMatchObject({ status: 200 })
  expect(await call('GET', '/account')).toMatchObject({ body: { webhooksEnabled: true, updatedBy: 'admin-test' } })
})

test.each([
  ['before admin was started', 'early', 'early-1'],
  ['while it runs', 'late', 'late-1'],
])(
  'a definition written by hand %s is completed, and later edits by hand keep its secret',
  async (_when, id, channel) => {
    if (id !== 'early') await byHand({ id, name: 'By hand', channels: [channel] })
    await vi.waitFor(async () => expect(await call('GET', `/webhooks/${id}`)).toMatchObject({ status: 200 }), 60_000)
    const first = await newest(id)
    expect(open(first, 'secret')).toMatch(/^whsec_/)
    await byHand({ id, name: 'Edited', channels: [channel], headers: { 'X-Own': headerValue } })
    const edited = { status: 200, body: { name: 'Edited', version: 2 } }
    await vi.waitFor(async () => expect(await call('GET', `/webhooks/${id}`)).toMatchObject(edited), 60_000)
    const second = await newest(id)
    expect(open(second, 'secret')).toBe(open(first, 'secret'))
    expect(keys.isSealed(second.headers['X-Own'])).toBe(true)
  },
)

test("neither admin's records nor its log contain a secret or a header value", async () => {
  const written = (await records()).filter(({ value, completion }) => completion || !value?.includes('"byHand"'))
  expect(written.filter(({ completion }) => completion)).toHaveLength(4)
  expect(written).toHaveLength(9)
  expect(secrets).toHaveLength(2)
  const bytes = [...written.map(({ value }) => String(value)), ...output].join('\n')
  for (const secret of [...secrets, headerValue, ...secrets.map((secret) => secret.slice(6, 30))])
    expect(bytes.includes(secret)).toBe(false)
})

test('admin stops on SIGTERM', async () => {
  const exited = once(admin, 'exit')
  admin.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})

async function call(method: string, path: string, body?: object, ifMatch?: string) {
  const response = await fetch(`${adminUrl}/api/v1/businesses/${business}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: text === '' ? null : JSON.parse(text),
  }
}

async function byHand(fields: { id: string; name: string; channels: string[]; headers?: object }): Promise<void> {
  const value = JSON.stringify({ businessId: business, url: 'https://hand.example/', ...fields, byHand: true })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: `${prefix}webhook-config`, messages: [{ key: fields.id, value }] })
  await producer.disconnect()
}

type StoredRecord = { key: string; value: Buffer | null; completion: boolean }

/** All records of webhook-config. */
async function records(): Promise<StoredRecord[]> {
  const topic = `${prefix}webhook-config`
  const client = kafka.admin()
  await client.connect()
  const end = Number((await client.fetchTopicOffsets(topic))[0]?.high)
  await client.disconnect()
  const found: StoredRecord[] = []
  const consumer = kafka.consumer({ groupId: `${prefix}reader-${randomUUID()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const read = Promise.withResolvers<void>()
  await consumer.run({
    eachMessage: async ({ message }) => {
      const completion = message.headers?.[completesHeader] !== undefined
      found.push({ key: String(message.key), value: message.value, completion })
      if (Number(message.offset) >= end - 1) read.resolve()
    },
  })
  await read.promise
  await consumer.disconnect()
  return found
}

async function newest(id: string) {
  const record = (await records()).findLast(({ key }) => key === id)
  return record?.value ? JSON.parse(String(record.value)) : null
}

function open(
  stored: { businessId: string; id: string; [field: string]: string },
  field: 'secret' | 'previousSecret',
): string {
  const opened = keys.open(stored[field] ?? '', sealContext(stored, field))
  expect(keys.isSealed(stored[field] ?? '')).toBe(true)
  return opened.ok ? opened.plain : opened.reason
}

/** The URL from the log line "listening". */
function listening(child: ChildProcess): Promise<string> {
  if (!child.stdout || !child.stderr) throw new Error('no output to read')
  const { stdout, stderr } = child
  return new Promise((resolve, reject) => {
    createInterface(stderr).on('line', (line) => output.push(line))
    createInterface(stdout).on('line', (line) => {
      output.push(line)
      const { msg, port } = JSON.parse(line) as { msg: string; port: number }
      if (msg === 'listening') resolve(`http://127.0.0.1:${port}`)
    })
    child.once('exit', (code) => reject(new Error(`admin ended with ${code}:\n${output.join('\n')}`)))
  })
}
