import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { pino } from 'pino'
import Type from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { loadConfig } from '../../services/platform/config/config.ts'
import { kafkaVariables } from '../../services/platform/config/connection-variables.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createKafka, type Kafka } from '../../services/platform/kafka/client.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { retryUntilDone } from '../../services/platform/runtime/retry-until.ts'
import { commandLine } from '../support/command-line.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type Load, startLoad } from '../support/load.ts'
import {
  password,
  type SecuredPlatform,
  startSecuredPlatform,
  type Variables,
} from '../support/secured/secured-platform.ts'
import { spawnService } from '../support/service-process.ts'
import { testContext } from '../support/topic-reader.ts'

/** Every program connects in another way: by TLS with a CA of its own, a certificate, a password or tokens of 30 s. */

/** Lifetime of a token; a connection authenticates again before its token expires. */
const tokenSeconds = sized(30, 22)
/** Time under load, long enough for sessions to end with their tokens. */
const connectedMs = sized(110_000, 27_000)
let secured: SecuredPlatform
let world: FaultyStack
/** Runs while the other tests ask and connect. */
let load: Load
let startedMs = 0
/** Tokens that the set-up has used. */
let issuedBefore = 0
let slowestMs = 0

beforeAll(async () => {
  secured = await startSecuredPlatform(tokenSeconds)
  const { kafka, schemas } = secured
  const connections: Record<string, Variables> = {
    producer: { ...kafka.scram512, ...schemas.basic },
    formatter: { ...kafka.certificate, ...schemas.certificate },
    dispatcher: { ...kafka.token, ...schemas.token },
    'stats-aggregator': { ...kafka.plain, ...schemas.bearer },
    admin: { ...kafka.scram256, ...schemas.basic },
    topics: { ...kafka.certificate, ...schemas.token },
  }
  world = await startFaultyStack({
    brokers: [],
    schemaRegistryUrl: secured.registry.url,
    envOf: (program) => connections[program] ?? {},
    webhooks: 2,
    contacts: 20,
  })
  load = startLoad(world, { lanes: world.lanes, perSecond: sized(200, 50) })
  issuedBefore = secured.tokenServer.issued()
  startedMs = systemClock.monotonicMs()
}, caseTimeoutMs)

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await secured?.[Symbol.asyncDispose]()
})

/** Wrong settings: name, variables in place of those that work, and the words that the program must say. */
const refusals: [string, (secured: SecuredPlatform) => Variables, string][] = [
  ['a wrong password', () => ({ KAFKA_SASL_PASSWORD: 'wrong' }), 'check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD'],
  ['an unknown user', () => ({ KAFKA_SASL_USERNAME: 'nobody' }), 'check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD'],
  [
    'a wrong password for PLAIN',
    () => ({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'wrong' }),
    'check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD',
  ],
  [
    'a mechanism that the listener does not have',
    ({ addressOf }) => ({ KAFKA_BROKERS: addressOf('TOKEN') }),
    'does not have the mechanism of KAFKA_SASL_MECHANISM',
  ],
  ['no login', () => ({ KAFKA_SASL_MECHANISM: 'none' }), 'does this listener want SASL (KAFKA_SASL_MECHANISM)?'],
  [
    'a login where there is none',
    ({ platform }) => ({ KAFKA_BROKERS: platform.brokers[0] ?? '', KAFKA_SSL_CA: '' }),
    'this listener does not take SASL',
  ],
  ['no TLS', () => ({ KAFKA_SSL_CA: '' }), 'does this listener want TLS (KAFKA_TLS, KAFKA_SSL_CA)'],
  [
    'TLS where there is none',
    ({ platform }) => ({ KAFKA_BROKERS: platform.brokers[0] ?? '' }),
    'the broker does not answer in TLS',
  ],
  ['no CA', () => ({ KAFKA_SSL_CA: '', KAFKA_TLS: 'true' }), 'set KAFKA_SSL_CA to the certificate of the CA'],
  ['another CA', ({ otherCa }) => ({ KAFKA_SSL_CA: otherCa }), 'no CA in KAFKA_SSL_CA has signed'],
  [
    'an expired certificate of the broker',
    ({ addressOf }) => ({ KAFKA_BROKERS: addressOf('EXPIRED'), KAFKA_SASL_MECHANISM: 'none' }),
    "certificate has expired (broker 127.0.0.1:.*: this broker's certificate is out of date",
  ],
  [
    'a certificate for another host',
    ({ addressOf }) => ({ KAFKA_BROKERS: addressOf('ELSEWHERE'), KAFKA_SASL_MECHANISM: 'none' }),
    'or set KAFKA_SSL_SERVER_NAME to one',
  ],
  [
    'no client certificate',
    ({ addressOf }) => ({ KAFKA_BROKERS: addressOf('MTLS'), KAFKA_SASL_MECHANISM: 'none' }),
    'this listener wants a client certificate; set KAFKA_SSL_CERTIFICATE and KAFKA_SSL_KEY',
  ],
  [
    'a wrong client secret',
    ({ kafka }) => ({
      ...kafka.token,
      KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE: '',
      KAFKA_SASL_OAUTH_CLIENT_SECRET: 'wrong',
    }),
    'invalid_client; check KAFKA_SASL_OAUTH_CLIENT_ID and KAFKA_SASL_OAUTH_CLIENT_SECRET',
  ],
]

test.each(refusals)(
  'with %s a program is told within 10 s which setting to check',
  { timeout: sized(10_000, 60_000) },
  async (_what, more, words) => {
    const { KAFKA_SSL_CA_FILE = '', ...works } = secured.kafka.scram512
    const given = more(secured)
    const env: Variables = { ...works, KAFKA_SASL_PASSWORD_FILE: '', KAFKA_SASL_PASSWORD: password, ...given }
    if (given.KAFKA_SSL_CA === undefined) env.KAFKA_SSL_CA_FILE = KAFKA_SSL_CA_FILE
    for (const askKafka of Object.values(waysToAsk)) {
      const startedMs = systemClock.monotonicMs()
      const message = await firstReason(env, askKafka)
      slowestMs = Math.max(slowestMs, systemClock.monotonicMs() - startedMs)
      const [said = '', broker] = words.split('.*')
      expect(message).toContain(said)
      expect(message).toContain(broker ?? '')
      expect(message).toContain(
        env.KAFKA_SASL_MECHANISM === 'oauthbearer' ? secured.tokenServer.tokenUrl : env.KAFKA_BROKERS,
      )
    }
  },
)

/** The connections of administration, and those that records go through. */
const waysToAsk = {
  kafkajs: (kafka: Kafka): Promise<unknown> => withAdmin(kafka, (admin) => admin.listTopics()),
  cluster: ({ cluster }: Kafka): Promise<unknown> => cluster.metadata([]),
}

/** Reason that a service logs first while it waits for Kafka. */
async function firstReason(env: Variables, askKafka: (kafka: Kafka) => Promise<unknown>): Promise<string> {
  const config = loadConfig(Type.Object(kafkaVariables), env)
  const reason = Promise.withResolvers<string>()
  const stop = new AbortController()
  const log = pino({ level: 'warn' }, { write: (line) => reason.resolve(JSON.parse(line).reason) })
  const kafka = createKafka(config, testContext.log)
  const context = { ...testContext, log, stopping: stop.signal }
  const asked = retryUntilDone('kafka', context, () => askKafka(kafka))
  const connected = asked.then(() => 'connected').catch(() => reason.promise)
  const said = await Promise.race([reason.promise, connected])
  stop.abort()
  return said
}

test('topics and tail end with the reason, and a file that is missing ends the start of a service with 78', {
  timeout: caseTimeoutMs,
}, async () => {
  const { scram512, token } = secured.kafka
  const env = { ...scram512, ...secured.schemas.basic, KAFKA_SASL_PASSWORD_FILE: '', KAFKA_SASL_PASSWORD: 'wrong' }
  const command = [process.execPath, 'services/topics/command.ts', 'diff'] as const
  const diff = await promisify(execFile)(command[0], command.slice(1), { env: { ...process.env, ...env } }).catch(
    (error: { code: number; stderr: string }) => error,
  )
  expect(diff).toMatchObject({ code: 1, stderr: expect.stringContaining('check KAFKA_SASL_USERNAME') })
  expect(await commandLine(env)(['tail', 'message-events'])).toMatchObject({
    exitCode: 6,
    err: expect.stringContaining('check KAFKA_SASL_USERNAME'),
  })
  const registry = { ...secured.kafka.plain, ...secured.schemas.bearer, SCHEMA_REGISTRY_BEARER_TOKEN: 'wrong' }
  const service = spawnService('formatter', { ...process.env, ...registry, HOOKLINE_HTTP_PORT: '0' })
  expect(await until(() => service.output().includes('check SCHEMA_REGISTRY_BEARER_TOKEN'), 60_000, systemClock)).toBe(
    true,
  )
  service.kill()
  const missing = { ...token, KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE: '/missing' }
  const refused = spawnService('formatter', { ...process.env, ...missing })
  expect(await refused.ended).toBe(78)
  expect(refused.output()).toContain('KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE is "/missing"')
})

test("a receiver with a certificate of Kafka's CA is not trusted", { timeout: caseTimeoutMs }, async () => {
  const { certificate: cert, key } = secured.serverOfSameCa
  let requests = 0
  const receiver = createServer({ cert, key }, (_request, response) => {
    requests++
    response.end()
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const url = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const channel = `${world.businessId}-same-ca`
  const { id } = await world.admin.defineWebhook(world.businessId, { name: 'same CA', url, channels: [channel] })
  await world.inForce()
  await startLoad(world, { lanes: [{ channel, contactId: 'ana' }], perSecond: 1, eventsPerLane: 1 }).done
  const path = `businesses/${world.businessId}/webhooks/${id}/attempts`
  const seen = async () => JSON.stringify(await world.admin.http(path).json())
  expect(await until(async () => (await seen()).includes('"cause":"tls"'), 60_000, systemClock)).toBe(true)
  expect(requests).toBe(0)
  receiver.close()
})

test('nothing is missing while every program connects in another way, tokens expire, and all certificates are replaced', {
  timeout: caseTimeoutMs,
}, async () => {
  await systemClock.sleep(Math.max(0, startedMs + connectedMs - systemClock.monotonicMs()))
  const renewed = secured.tokenServer.issued() - issuedBefore
  // A connection that did not authenticate again would have been closed by the broker.
  expect(await warningsOf('dispatcher')).toEqual([])
  expect(renewed).toBeGreaterThan(0)

  await secured.replaceCertificates()
  await systemClock.sleep(sized(10_000, 2_000))
  const report = await world.arrived(await load.stop(), sized(120_000, 60_000))
  expect(report).toMatchObject({ missing: [], faults: [] })
  expect([...secured.registry.logins].sort()).toEqual(['basic', 'bearer', 'certificate', 'token'])
  const { events } = report.summary
  const figures = [
    `${events} events`,
    `tokens renewed ${renewed} times`,
    `certificates replaced: missing ${report.missing.length}`,
    `processes ended ${world.ends.length}`,
    `slowest message after ${Math.round(slowestMs)} ms`,
  ]
  figure(58, figures.join(', '))
})

test('after the replacement the broker accepts the new client certificate only', {
  timeout: caseTimeoutMs,
}, async () => {
  const { certificate: KAFKA_SSL_CERTIFICATE, key: KAFKA_SSL_KEY } = secured.firstClient
  const { KAFKA_BROKERS = '', KAFKA_SSL_CA_FILE = '' } = secured.kafka.certificate
  const KAFKA_SSL_CA = await readFile(KAFKA_SSL_CA_FILE, 'utf8')
  const former = { KAFKA_BROKERS, KAFKA_CLIENT_ID: 'test', KAFKA_SSL_CA, KAFKA_SSL_CERTIFICATE, KAFKA_SSL_KEY }
  await expect(createKafka(former, testContext.log).cluster.metadata([])).rejects.toThrow(
    'the broker does not accept the certificate in KAFKA_SSL_CERTIFICATE',
  )
})

test('all ways to connect and to log in work for the connections that records go through', async () => {
  for (const variables of Object.values(secured.kafka)) {
    const { cluster } = createKafka(loadConfig(Type.Object(kafkaVariables), variables), testContext.log)
    expect((await cluster.metadata([])).size).toBe(0)
    await cluster[Symbol.asyncDispose]()
  }
})

/** Warnings of the clients in a service's log. */
async function warningsOf(service: 'dispatcher'): Promise<string[]> {
  const log = await readFile(world.stack.service(service).logFile, 'utf8')
  const isOfClient = (line: string) => line.includes('kafkajs') || line.includes('"broker":')
  return log.split('\n').filter((line) => line.includes('"level":"warn"') && isOfClient(line))
}
