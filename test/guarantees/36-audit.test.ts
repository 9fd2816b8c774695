import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { SupervisedService } from '../../deploy/local/stack/stack-service.ts'
import type { AuditEntry } from '../../services/admin/audit/audit-entry.ts'
import type { AuditPage } from '../../services/admin/audit/audit-log.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { openEventStream } from '../support/event-stream.ts'
import { sessionTimeoutMs } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { openCodec, openKafka, openProducer, readTopic, readValues } from '../support/topic-reader.ts'

const businesses = ['audited-1', 'audited-2', 'audited-3']
const changesPerBusiness = sized(400, 40)
const kills = sized(20, 2)
const headerValue = 'header-value-of-a-customer'

type Change = { businessId: string; subject: string; action: string; webhookId: string | null; version: number | null }
type Made = { id: string; version: number; enabled: boolean }

let world: TestStack
let admins: SupervisedService[]
const secrets: string[] = [headerValue]

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'formatter', 'dispatcher', 'admin'],
    extraEnv: { HOOKLINE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs) },
  })
  admins = [world.stack.service('admin'), await world.stack.add('admin')]
})

afterAll(() => world?.[Symbol.asyncDispose]())

test(
  'every change has exactly one audit entry, even if admin is killed repeatedly',
  async () => {
    const acknowledged: Change[] = []
    let unanswered = 0
    const work = businesses.map(async (businessId, worker) => {
      const subject = `person-${worker}`
      const token = await world.stack.token({ role: 'super_admin', businessId, subject })
      const webhooks: Made[] = []
      for (let number = 0; number < changesPerBusiness; number++) {
        const admin = admins[number % admins.length]
        const change = await makeChange(admin?.url ?? '', token, businessId, webhooks, number)
        if (change) acknowledged.push({ ...change, businessId, subject })
        else unanswered++
        await systemClock.sleep(20)
      }
    })
    for (let kill = 0; kill < kills; kill++) {
      await systemClock.sleep(700)
      const admin = admins[kill % admins.length]
      admin?.kill('SIGKILL')
      await admin?.restarted()
    }
    await Promise.all(work)
    await takeTurns()
    await writeByHand()
    await switchOff()

    const changed = async () => (await configRecords()).map(({ topic, offset }) => `${topic}/0/${offset}`)
    await vi.waitFor(
      async () => expect(new Set((await entries()).map(({ id }) => id))).toEqual(new Set(await changed())),
      { timeout: 60_000, interval: 500 },
    )
    const written = await entries()
    expect(written.map(({ id }) => id).toSorted()).toEqual((await changed()).toSorted())
    // Each answered change has an entry of its own.
    const like = (all: Change[], change: Change) =>
      all.filter((other) => Object.entries(change).every(([name, value]) => other[name as keyof Change] === value))
    expect(acknowledged.filter((change) => like(written, change).length < like(acknowledged, change).length)).toEqual(
      [],
    )
    const topicText = JSON.stringify(written)
    expect(secrets.filter((secret) => topicText.includes(secret))).toEqual([])
    figure(
      36,
      `${written.length} changes, ${acknowledged.length} of them answered, ${kills} kills of admin: entries missing 0, ` +
        `twice 0; ${unanswered} requests reached a dead process; ${secrets.length} secrets in entries: 0`,
    )
  },
  caseTimeoutMs,
)

test('the audit is paged newest first, for one business, and equal in every instance', async () => {
  const all = (await entries()).filter(({ businessId }) => businessId === businesses[0])
  for (const { url } of admins) {
    const ids: string[] = []
    let query = 'limit=50'
    for (let more = true; more; ) {
      const path = `${url}/api/v1/businesses/${businesses[0]}/audit?${query}`
      const answer = await fetch(path, { headers: { authorization: `Bearer ${world.token}` } })
      const page = (await answer.json()) as AuditPage
      ids.push(...page.entries.map(({ id }) => id))
      more = page.nextCursor !== undefined
      query = `limit=50&cursor=${page.nextCursor}`
    }
    expect(ids).toEqual(all.map(({ id }) => id).reverse())
  }
})

test('a change through one instance, and its audit entry, is announced by another within a second', async () => {
  const [one, other] = admins
  const businessId = 'followed'
  const headers = { authorization: `Bearer ${world.token}` }
  await using stream = await openEventStream(`${other?.url}/api/v1/businesses/${businessId}/changes`, headers)
  expect(stream.events).toMatchObject([{ event: 'ready' }])
  const latencies: number[] = []
  for (let count = 0; count < 20; count++) {
    const from = stream.events.length
    const atMs = systemClock.monotonicMs()
    await request(`${one?.url}/api/v1/businesses/${businessId}/account`, world.token, 'PUT', {
      webhooksEnabled: count % 2 === 0,
    })
    await vi.waitFor(
      () =>
        expect(
          stream.events
            .slice(from)
            .map(({ event }) => event)
            .toSorted(),
        ).toEqual(['account', 'audit']),
      {
        timeout: 60_000,
        interval: 10,
      },
    )
    latencies.push((stream.events.at(-1)?.atMs ?? Number.NaN) - atMs)
  }
  const slowest = Math.max(...latencies)
  figure(
    36,
    `${latencies.length} changes announced to a page at another instance, at the latest after ${slowest.toFixed(0)} ms`,
  )
  // Scaled down, the machine is shared.
  if (isFull) expect(slowest).toBeLessThan(1_000)
  const admin = world.stack.service('admin')
  admin.kill('SIGTERM')
  await admin.restarted()
})

/** @returns null if the process died before it could answer. */
async function makeChange(
  adminUrl: string,
  token: string,
  businessId: string,
  webhooks: Made[],
  number: number,
): Promise<Omit<Change, 'businessId' | 'subject'> | null> {
  const base = `${adminUrl}/api/v1/businesses/${businessId}`
  const current = webhooks[number % Math.max(1, webhooks.length)]
  const kind = number % 8
  if (kind === 7) {
    const webhooksEnabled = number % 16 === 7
    const answer = await request(`${base}/account`, token, 'PUT', { webhooksEnabled })
    const action = webhooksEnabled ? 'account.activate' : 'account.deactivate'
    return answer && { action, webhookId: null, version: null }
  }
  if (kind === 0 || !current) {
    const draft = {
      name: `n${number}`,
      url: world.receiver.url,
      channels: [`${businessId}-${number}`],
      headers: { 'X-Key': headerValue },
    }
    const answer = await request(`${base}/webhooks`, token, 'POST', draft)
    if (!answer) return null
    secrets.push(String(answer.secret))
    webhooks.push({ id: String(answer.id), version: 1, enabled: true })
    return { action: 'webhook.create', webhookId: String(answer.id), version: 1 }
  }
  const url = `${base}/webhooks/${current.id}`
  const isGone = kind === 6 && webhooks.length > 2
  const patch =
    kind < 4 ? { name: `n${number}`, headers: { 'X-Key': `${headerValue}-${number}` } } : { enabled: !current.enabled }
  const answer = isGone
    ? await request(url, token, 'DELETE')
    : kind === 5
      ? await request(`${url}/secret/rotate`, token, 'POST')
      : await request(url, token, 'PATCH', patch)
  // A webhook whose change has no known result is not used from here on.
  if (!answer || isGone) webhooks.splice(webhooks.indexOf(current), 1)
  if (!answer) return null
  if (isGone) return { action: 'webhook.delete', webhookId: current.id, version: current.version }
  Object.assign(current, { version: answer.version, enabled: answer.enabled })
  if (typeof answer.secret === 'string') secrets.push(answer.secret)
  const action = kind === 5 ? 'rotate-secret' : kind < 4 ? 'update' : answer.enabled ? 'enable' : 'disable'
  return { action: `webhook.${action}`, webhookId: current.id, version: Number(answer.version) }
}

async function request(
  url: string,
  token: string,
  method: string,
  body?: object,
  ifMatch = '*',
): Promise<Record<string, unknown> | null> {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'if-match': ifMatch,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    // Admin is starting.
    if (response.status === 503) return null
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** Each instance decides on what the other has just written: */
async function takeTurns(): Promise<void> {
  const base = `/api/v1/businesses/${businesses[0]}/webhooks`
  const made = await request(`${admins[0]?.url}${base}`, world.token, 'POST', {
    name: 'In turns',
    url: world.receiver.url,
    channels: ['turns'],
  })
  secrets.push(String(made?.secret))
  for (let turn = 1; turn <= 40; turn++) {
    const url = `${admins[turn % admins.length]?.url}${base}/${made?.id}`
    const answer = await request(url, world.token, 'PATCH', { name: `Turn ${turn}` }, `"${turn}"`)
    expect(answer).toMatchObject({ name: `Turn ${turn}`, version: turn + 1 })
  }
}

/** A definition as an operator writes it, which admin completes. */
async function writeByHand(): Promise<void> {
  await using producer = await openProducer(openKafka(inject('brokers')))
  const plain = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  secrets.push(plain)
  const value = {
    id: 'hand',
    businessId: businesses[0],
    name: 'Hand',
    url: world.receiver.url,
    channels: ['hand'],
    secret: plain,
  }
  await producer.send({
    topic: `${world.stack.topicPrefix}webhook-config`,
    partition: 0,
    key: 'hand',
    value: JSON.stringify(value),
  })
  const both = ['webhook.create', 'webhook.complete']
  const ofHand = async () =>
    (await entries()).filter(({ webhookId }) => webhookId === 'hand').map(({ action }) => action)
  await vi.waitFor(async () => expect(await ofHand()).toEqual(both), { timeout: 60_000, interval: 200 })
}

/** The receiver answers 410, and the dispatcher writes that into the definition. */
async function switchOff(): Promise<void> {
  const { id, secret } = await world.defineWebhook('/gone', ['gone'])
  secrets.push(secret)
  await world.inForce()
  world.receiver.answer('/gone', { kind: 'status', status: 410 })
  await publish(world, [messageOf({ channel: 'gone', contactId: 'ana' }, 0, world.businessId)])
  const ofIt = async () => (await entries()).filter(({ webhookId }) => webhookId === id)
  const off = { action: 'webhook.switch-off', subject: 'service:dispatcher' }
  await vi.waitFor(async () => expect((await ofIt()).at(-1)).toMatchObject(off), { timeout: 60_000, interval: 200 })
}

async function entries(): Promise<AuditEntry[]> {
  const decode = openCodec(inject('schemaRegistryUrl')).decoder<AuditEntry>(readSchema(topics.webhookAudit))
  const records = await readValues(openKafka(inject('brokers')), `${world.stack.topicPrefix}webhook-audit`, decode)
  return records.map(({ decoded }) => decoded)
}

/** Every record of the two configuration topics is a change here. */
async function configRecords(): Promise<ConsumedRecord[]> {
  const kafka = openKafka(inject('brokers'))
  const read = async (name: string) =>
    (await readTopic(kafka, world.stack.topicPrefix + name)).map((record) => ({ ...record, topic: name }))
  return [...(await read('webhook-config')), ...(await read('account-config'))]
}
