import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { signIn } from '../support/api-operations.ts'
import { sessionTimeoutMs } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { lanesOf, messageOf, publish, startLoad } from '../support/load.ts'
import { startTestStack, type TestStack, type TestWebhook } from '../support/services.ts'
import { openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

/** Four known secrets of each webhook: the first one, the rotated one, two header values. */
const webhookCount = sized(250, 25)
const [oldKey, newKey] = ['old', 'new'].map((id) => `${id}=${randomBytes(32).toString('base64')}`)
const dataDirectory = inject('kafkaDataDirectory')
if (dataDirectory === '') figure(33, "Kafka's segments are not searched: the broker is none of ours")

let world: TestStack
let webhooks: (TestWebhook & { headers: Record<string, string>; channel: string })[]
const secrets: string[] = []

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    extraEnv: {
      HOOKLINE_KEY_RING: oldKey,
      HOOKLINE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
      HOOKLINE_LOG_LEVEL: 'debug',
    },
  })
  webhooks = await Promise.all(Array.from({ length: webhookCount }, (_unused, number) => define(number)))
  await world.inForce()
}, caseTimeoutMs)

afterAll(() => world?.[Symbol.asyncDispose]())

test(
  'known secrets are in no log segment, log line, answer or metric',
  async () => {
    // Every second receiver refuses, so that failures, dead letters and errors are written too.
    for (const [number, { path }] of webhooks.entries())
      if (number % 2 === 1) world.receiver.answer(path, { kind: 'status', status: 400, body: 'no' })
    const lanes = lanesOf(
      webhooks.map(({ channel }) => channel),
      webhookCount * 2,
    )
    await startLoad(world, { lanes, perSecond: 200, eventsPerLane: 2 }).done
    const sent = () =>
      new Set(world.receiver.arrivals.filter(({ path }) => /^\/\d/.test(path)).map(({ webhookId }) => webhookId)).size
    await vi.waitFor(() => expect(sent()).toBe(webhookCount * 4), { timeout: 60_000 })
    await Promise.all(
      webhooks.slice(0, 5).map(({ id }) => world.admin.http.post(`${base()}/webhooks/${id}/test`, { json: {} })),
    )

    const places = { ...segments(), ...logs(), ...(await answers()), ...(await metrics()) }
    const searched = Object.values(places).reduce((sum, bytes) => sum + bytes.length, 0)
    const hits = Object.entries(places).flatMap(([place, bytes]) =>
      secrets.filter((secret) => holds(bytes, secret)).map(() => place),
    )
    figure(
      33,
      `${secrets.length} secrets in ${Object.keys(places).length} places, ${searched} bytes: hits ${hits.length}`,
    )
    expect(hits).toEqual([])
    // Control: a text that is not secret is found in these places.
    const found = (what: string) =>
      Object.entries(places)
        .filter(([, bytes]) => bytes.includes(what))
        .map(([place]) => place.split(' ')[0])
    expect(new Set(found(webhooks[0]?.id ?? ''))).toEqual(
      new Set([...(dataDirectory === '' ? [] : ['segment']), 'log', 'answer']),
    )
    expect(new Set(found('hookline_')).has('metrics')).toBe(true)
  },
  caseTimeoutMs,
)

test('a sealed value moved to another webhook does not open', async () => {
  const [victim] = webhooks
  const records = await readTopic(openKafka(inject('brokers')), `${world.stack.topicPrefix}webhook-config`)
  const newest = records.findLast(({ key }) => key?.toString() === victim?.id)
  const stolen = JSON.parse(newest?.value?.toString() ?? '{}')
  const thief = { ...stolen, id: 'thief', name: 'Thief', url: `${world.receiver.url}/thief`, channels: ['thief'] }
  await using producer = await openProducer(openKafka(inject('brokers')))
  const topic = `${world.stack.topicPrefix}webhook-config`
  await producer.send({ topic, partition: 0, key: 'thief', value: JSON.stringify(thief) })
  await world.inForce()
  await publish(world, [messageOf({ channel: 'thief', contactId: 'ana' }, 0, world.businessId)])
  const dispatcherLogs = () =>
    Object.entries(logs())
      .filter(([place]) => place.includes('dispatcher'))
      .map(([, bytes]) => bytes.toString())
      .join('')
  const refusal = /"webhookId":"thief".*sealed for another webhook.*cannot sign/
  await vi.waitFor(() => expect(dispatcherLogs()).toMatch(refusal), { timeout: 60_000, interval: 200 })
  expect(world.receiver.arrivals.filter(({ path }) => path === '/thief')).toEqual([])
  await producer.send({ topic, partition: 0, key: 'thief', value: null })
  figure(33, 'a secret and header values moved to another webhook: opened 0, requests 0')
})

test(
  'rotating the key ring fails no delivery and ends no session',
  async () => {
    for (const { path } of webhooks) world.receiver.answer(path, { kind: 'status', status: 204 })
    const from = world.receiver.arrivals.length
    const session = await signIn(await world.stack.loginUrl({ role: 'super_admin', businessId: '*' }))
    const lanes = lanesOf(
      webhooks.map(({ channel }) => channel),
      webhookCount,
    ).map((lane) => ({ ...lane, contactId: `r-${lane.contactId}` }))
    const load = startLoad(world, { lanes, perSecond: 50 })
    // No instance is ever without a key that another one seals with.
    if (isFull) await restartWith(`${oldKey},${newKey}`)
    await restartWith(`${newKey},${oldKey}`)
    const answer = await fetch(`${world.stack.service('admin').url}/api/v1/session`, { headers: session })
    expect(answer.status).toBe(200)
    for (const { id } of webhooks)
      await world.admin.http.patch(`${base()}/webhooks/${id}`, { headers: { 'if-match': '*' }, json: {} })
    await restartWith(newKey ?? '')
    const published = await load.stop()
    const ofLoad = () => world.receiver.arrivals.slice(from).filter(({ headers }) => headers['x-first'] !== undefined)
    const arrived = () => new Set(ofLoad().map(({ webhookId }) => webhookId)).size
    await vi.waitFor(() => expect(arrived()).toBe(published.length), { timeout: 60_000 })
    const expected = new Map(webhooks.map(({ path, headers }) => [path, headers]))
    const wrong = ofLoad().filter(
      ({ path, signature, headers }) => signature !== 'valid' || headers['x-first'] !== expected.get(path)?.['X-First'],
    )
    figure(
      33,
      `key ring rotated under load, admin and dispatcher restarted at each step: ${published.length} notifications, missing 0, wrongly signed ${wrong.length}`,
    )
    expect(wrong).toEqual([])
  },
  caseTimeoutMs,
)

const base = () => `businesses/${world.businessId}`

async function define(number: number): Promise<(typeof webhooks)[number]> {
  const headers = {
    'X-First': `first-${randomBytes(12).toString('hex')}`,
    Authorization: `Bearer ${randomBytes(12).toString('hex')}`,
  }
  const channel = `channel-${number}`
  const webhook = await world.defineWebhook(`/${number}`, [channel], { headers, retryProfile: 'none' })
  const rotated = await world.admin.http
    .post(`${base()}/webhooks/${webhook.id}/secret/rotate`)
    .json<{ secret: string }>()
  secrets.push(webhook.secret, rotated.secret, ...Object.values(headers))
  return { ...webhook, headers, channel }
}

/** The secret itself, and the forms in which it could be passed on. */
function holds(bytes: Buffer, secret: string): boolean {
  const plain = secret.replace(/^(whsec_|Bearer )/, '')
  const forms = [plain, Buffer.from(secret).toString('base64').slice(0, -4), encodeURIComponent(plain)]
  if (secret.startsWith('whsec_') && bytes.includes(Buffer.from(plain, 'base64'))) return true
  return forms.some((form) => bytes.includes(form))
}

function segments(): Record<string, Buffer> {
  if (dataDirectory === '') return {}
  const ours = readdirSync(dataDirectory).filter((name) => name.startsWith(world.stack.topicPrefix))
  return Object.fromEntries(
    ours.flatMap((folder) =>
      readdirSync(join(dataDirectory, folder))
        .filter((name) => name.endsWith('.log'))
        .map((name) => [`segment ${folder}/${name}`, readFileSync(join(dataDirectory, folder, name))]),
    ),
  )
}

function logs(): Record<string, Buffer> {
  const folder = world.stack.logDirectory
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => [`log ${name}`, readFileSync(join(folder, name))]),
  )
}

/** All answers of the API except the two that are meant to show a secret. */
async function answers(): Promise<Record<string, Buffer>> {
  const ofEach = ['', '/stats', '/errors', '/attempts', '/dead-letters']
  const paths = [
    'webhooks?limit=200',
    'account',
    'audit?limit=200',
    ...webhooks.slice(0, 50).flatMap(({ id }) => ofEach.map((path) => `webhooks/${id}${path}`)),
  ]
  const read = async (path: string) =>
    [`answer ${path}`, Buffer.from(await world.admin.http.get(`${base()}/${path}`).text())] as const
  return Object.fromEntries(await Promise.all(paths.map(read)))
}

async function metrics(): Promise<Record<string, Buffer>> {
  const read = async (name: (typeof serviceNames)[number]) => {
    const response = await fetch(`${world.stack.service(name).url}/metrics`)
    return [`metrics ${name}`, Buffer.from(await response.text())] as const
  }
  return Object.fromEntries(await Promise.all(serviceNames.map(read)))
}

async function restartWith(keyRing: string): Promise<void> {
  world.stack.setEnv({ HOOKLINE_KEY_RING: keyRing })
  const sealing = [world.stack.service('admin'), world.stack.service('dispatcher')]
  for (const service of sealing) service.kill('SIGTERM')
  await Promise.all(sealing.map((service) => service.restarted()))
}
