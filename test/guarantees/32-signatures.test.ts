import { spawnSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ReceivedRequest } from '../../deploy/receiver/arrival.ts'
import { secretKey, signatureHeader } from '../../services/dispatcher/http/signature.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { messageOf, publish } from '../support/load.ts'
import { lackOf, python } from '../support/python.ts'
import { openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

/** The test vector of Standard Webhooks. */
const vector = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1614265330,
  body: '{"test": 2432232314}',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}

type Verify = (secret: string, arrival: Pick<ReceivedRequest, 'headers' | 'body'>) => boolean

const byNpm: Verify = (secret, { headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}

const pythonProgram = `
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
try:
    Webhook(given["secret"]).verify(given["body"], given["headers"])
    print("yes")
except WebhookVerificationError:
    print("no")
`
const byPyPI: Verify = (secret, { headers, body }) => {
  const input = JSON.stringify({ secret, headers, body: body.toString() })
  const result = spawnSync(python, ['-c', pythonProgram], { input, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(result.stderr)
  return result.stdout.trim() === 'yes'
}
const missing = lackOf('standardwebhooks')
const hasPython = missing === null
if (!hasPython) process.stdout.write(`guarantee 32: without PyPI's library: ${missing}\n`)
const libraries: [name: string, verify: Verify][] = [
  ['npm', byNpm],
  ...(hasPython ? [['PyPI', byPyPI] as [string, Verify]] : []),
]

let world: FaultyStack
let accepted = 0
let refused = 0

beforeAll(async () => {
  world = await startFaultyStack({
    webhooks: 1,
    contacts: 1,
    services: ['producer', 'formatter', 'dispatcher', 'admin'],
  })
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  const by = libraries.map(([name]) => name).join(' and ')
  figure(32, `by the libraries of ${by}: ${accepted} signatures verified, ${refused} wrong or outdated ones refused`)
})

test('the test vector of Standard Webhooks is signed as published', () => {
  const opened = secretKey(vector.secret)
  if (!opened.ok) throw new Error(opened.reason)
  expect(signatureHeader([opened.key], vector.id, vector.timestampSeconds, Buffer.from(vector.body))).toBe(
    vector.signature,
  )
  const other = secretKey(`whsec_${Buffer.alloc(24, 1).toString('base64')}`)
  if (!other.ok) throw new Error(other.reason)
  expect(signatureHeader([other.key], vector.id, vector.timestampSeconds, Buffer.from(vector.body))).not.toBe(
    vector.signature,
  )
})

let number = 0
/** Publishes an event and returns the request that follows. */
async function notified(): Promise<ReceivedRequest> {
  const [lane] = world.lanes
  if (!lane) throw new Error('no lane')
  const { arrivals } = world.receiver
  const before = arrivals.length
  await publish(world, [messageOf(lane, number++, world.businessId)])
  await until(() => arrivals.length > before, 60_000, systemClock)
  const arrival = arrivals.at(-1)
  if (arrivals.length !== before + 1 || !arrival) throw new Error(`${arrivals.length - before} requests instead of one`)
  return arrival
}

const signaturesOf = ({ headers }: ReceivedRequest) => String(headers['webhook-signature']).split(' ').length

type ConfigRecord = { id: string; secret: string; [field: string]: unknown }

test.each(libraries)(
  'a notification signed with %s verifies by its secret alone, and not after any change',
  async (_name, verify) => {
    await edit({})
    const arrival = await notified()
    expect(verify(first, arrival)).toBe(true)
    accepted++
    const { headers } = arrival
    const earlier = String(Number(headers['webhook-timestamp']) - 1)
    const changed = [
      { headers, body: Buffer.concat([arrival.body, Buffer.from(' ')]) },
      { headers: { ...headers, 'webhook-id': 'msg_other' }, body: arrival.body },
      { headers: { ...headers, 'webhook-timestamp': earlier }, body: arrival.body },
    ]
    expect(changed.map((one) => verify(first, one))).toEqual([false, false, false])
    expect(verify(second, arrival)).toBe(false)
    refused += changed.length + 1
  },
)

test.each(libraries)(
  'during a rotation with %s both secrets verify, and afterwards only the new one',
  async (_name, verify) => {
    const path = `businesses/${world.businessId}/webhooks`
    await edit({})
    const { id } = await current()
    const { secret } = await world.admin.http.post(`${path}/${id}/secret/rotate`).json<{ secret: string }>()
    const during = await notified()
    expect([signaturesOf(during), verify(first, during), verify(secret, during)]).toEqual([2, true, true])
    accepted += 2

    // The overlap lasts a day, so an operator writes one that ends soon.
    const overlapMs = 3_000
    const endsAtMs = systemClock.nowMs() + overlapMs
    await edit({ secret, previousSecret: first, previousSecretUntil: new Date(endsAtMs).toISOString() })
    const inTime = await notified()
    if (inTime.arrivedAtMs < endsAtMs - 1_000)
      expect([verify(first, inTime), verify(secret, inTime)]).toEqual([true, true])
    await systemClock.sleep(Math.max(0, endsAtMs - systemClock.nowMs()) + 500)
    const after = await notified()
    expect([signaturesOf(after), verify(first, after), verify(secret, after)]).toEqual([1, false, true])
    accepted++
    refused++
  },
)

type Jwk = { kid: string; webhookId: string }

/** Public keys as a receiver gets them, without credentials. */
async function publicKeys(): Promise<Jwk[]> {
  const answer = await fetch(new URL(`/.well-known/webhook-keys/${world.businessId}`, world.stack.service('admin').url))
  return ((await answer.json()) as { keys: Jwk[] }).keys
}

/** Verifies a request by public keys alone, with node:crypto. @returns the kid of each key that has signed it. */
function signersOf({ headers, body }: Pick<ReceivedRequest, 'headers' | 'body'>, keys: Jwk[]): string[] {
  const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
  const signatures = String(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature.startsWith('v1a,'))
    .map((signature) => Buffer.from(signature.slice('v1a,'.length), 'base64'))
  const isBy = (key: Jwk) => {
    const publicKey = createPublicKey({ key, format: 'jwk' })
    return signatures.some((signature) => verify(null, signed, publicKey, signature))
  }
  return keys.filter(isBy).map(({ kid }) => kid)
}

test('a notification with v1a verifies by the published keys alone, during a rotation by both', async () => {
  await edit({})
  const { id } = await current()
  const webhook = `businesses/${world.businessId}/webhooks/${id}`
  const etag = (await world.admin.http.get(webhook)).headers.etag
  const json = { signatures: ['v1', 'v1a'] }
  await world.admin.http.patch(webhook, { json, headers: { 'if-match': String(etag) } })
  await world.inForce()
  const before = await publicKeys()
  expect(before.map(({ webhookId }) => webhookId)).toEqual([id])
  const arrival = await notified()
  expect(signersOf(arrival, before)).toEqual(before.map(({ kid }) => kid))
  expect(byNpm(first, arrival)).toBe(true)
  const changed = { ...arrival, body: Buffer.concat([arrival.body, Buffer.from(' ')]) }
  expect(signersOf(changed, before)).toEqual([])

  const { secret } = await world.admin.http.post(`${webhook}/secret/rotate`).json<{ secret: string }>()
  await world.inForce()
  const during = await publicKeys()
  expect(during).toHaveLength(2)
  const next = await notified()
  expect([signaturesOf(next), signersOf(next, during)]).toEqual([4, during.map(({ kid }) => kid)])
  // A receiver that has kept the former keys, as the answer allows, is not cut off by a rotation.
  expect(signersOf(next, before)).toEqual(before.map(({ kid }) => kid))
  expect([byNpm(first, next), byNpm(secret, next)]).toEqual([true, true])
  expect(JSON.stringify(await current())).not.toContain('whsk_')
  accepted += 4
  refused++
})

const first = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const second = `whsec_${Buffer.alloc(32, 2).toString('base64')}`

/** The webhook's last record in the topic. */
async function current(): Promise<ConfigRecord> {
  const records = await readTopic(openKafka(inject('brokers')), world.stack.topicPrefix + topics.webhookConfig.name)
  const record = records.findLast(({ value }) => value?.toString().includes(world.channels[0] ?? ''))
  return JSON.parse(String(record?.value)) as ConfigRecord
}

/** Writes the definition by hand, as an operator would, with a known secret. */
async function edit(changes: object): Promise<void> {
  const { previousSecret: _secret, previousSecretUntil: _until, ...rest } = await current()
  await using producer = await openProducer(openKafka(inject('brokers')))
  const value = { ...rest, version: Number(rest.version) + 1, secret: first, ...changes }
  const topic = world.stack.topicPrefix + topics.webhookConfig.name
  await producer.send({ topic, key: rest.id, value: JSON.stringify(value) })
  await world.inForce()
}
