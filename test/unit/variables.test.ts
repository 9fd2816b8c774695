import { createServer } from 'node:net'
import { pino } from 'pino'
import type { TObject } from 'typebox'
import { describe, expect, test } from 'vitest'
import { adminConfig } from '../../services/admin/config.ts'
import { cliConfig } from '../../services/cli/config.ts'
import { dispatcherConfig } from '../../services/dispatcher/config.ts'
import { formatterConfig } from '../../services/formatter/config.ts'
import { ConfigError, loadConfig } from '../../services/platform/config/config.ts'
import { parseBrokers } from '../../services/platform/kafka/broker-list.ts'
import { createKafka } from '../../services/platform/kafka/client.ts'
import { producerConfig } from '../../services/producer/config.ts'
import { statsAggregatorConfig } from '../../services/stats-aggregator/config.ts'
import { topicsConfig } from '../../services/topics/config.ts'

const configs: Record<string, TObject> = {
  admin: adminConfig,
  cli: cliConfig,
  dispatcher: dispatcherConfig,
  formatter: formatterConfig,
  producer: producerConfig,
  'stats-aggregator': statsAggregatorConfig,
  topics: topicsConfig,
}
const keyRing = `test=${Buffer.alloc(32).toString('base64')}`

/** Problem of a service's variables; null if they are accepted. */
function faultOf(schema: TObject, env: Record<string, string>): string | null {
  try {
    loadConfig(schema, { HOOKLINE_KEY_RING: keyRing, ...env })
    return null
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

const whole = (min: number, max: number) => [`${min - 1}`, `${max + 1}`, '1.5', 'x', '1e99', 'Infinity', 'NaN']
const boolean = ['yes', '1', 'TRUE', 'on']
const url = [
  'localhost:8080',
  'ftp://registry/',
  'http://',
  'http:registry',
  ' http://registry/',
  'http://registry/\n',
  'http://user:secret@registry/',
  'http://registry/?a=b',
  'http://registry/#x',
  'http://registry:99999/',
  'http://a b/',
  'registry',
]
const brokers = [
  ',',
  'localhost',
  'localhost:',
  ':9092',
  ':99999',
  'localhost:0',
  'localhost:65536',
  'localhost:9092,',
  ',localhost:9092',
  'localhost:9092,,other:9092',
  'a:1;b:2',
  'a:1 b:2',
  '127.0.0.1 9092',
  'SASL_SSL://localhost:9092',
  'PLAINTEXT://localhost:9092',
  'http://localhost:9092',
  'localhost:9092/',
  '::1:9092',
  '::1',
  '[::1]',
  '[::1',
  '[]:9092',
  '[localhost]:9092',
  '[::1]:x',
  'localhost:+9092',
  'user@host:9092',
]
const notPem = [
  'certificate',
  '/etc/ssl/ca.pem',
  'BEGIN CERTIFICATE',
  '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
]
const certificates = (prefix: string) => ({
  [`${prefix}_CA`]: notPem,
  [`${prefix}_CERTIFICATE`]: notPem,
  [`${prefix}_KEY`]: notPem,
  [`${prefix}_SERVER_NAME`]: ['a b', 'https://kafka', 'kafka:9093', '-x'],
})

/** Values of each variable that cannot work. */
const bad: Record<string, string[]> = {
  HOOKLINE_LOG_LEVEL: ['verbose', 'INFO', ' info'],
  HOOKLINE_HTTP_HOST: ['http://localhost', '0.0.0.0:80', '256.1.1.1', '[::1]', 'a b', '-x', ' '],
  HOOKLINE_HTTP_PORT: whole(0, 65_535),
  HOOKLINE_SHUTDOWN_TIMEOUT_MS: whole(0, 3_600_000),
  KAFKA_BROKERS: brokers,
  KAFKA_CLIENT_ID: ['a b', 'a\n', 'ü', 'x'.repeat(256)],
  KAFKA_TLS: boolean,
  KAFKA_SASL_MECHANISM: ['PLAIN', 'gssapi', 'scram'],
  ...certificates('KAFKA_SSL'),
  KAFKA_SASL_OAUTH_TOKEN_URL: url,
  KAFKA_SASL_OAUTH_SSL_CA: notPem,
  KAFKA_SASL_OAUTH_EXTENSIONS: ['a', 'a=', '=b', 'a b=c', 'a=b,', 'a1=b', 'a=b c'],
  KAFKA_SASL_AWS_REGION: ['eu west', 'EU', 'a/b', 'x'.repeat(41)],
  HOOKLINE_TOPIC_PREFIX: ['a b', 'a/', 'ü', 'a:', 'x'.repeat(201)],
  HOOKLINE_SESSION_TIMEOUT_MS: whole(6_000, 300_000),
  HOOKLINE_INSTANCE_ID: ['a b', 'a/b', 'ü', 'x'.repeat(250)],
  SCHEMA_REGISTRY_URL: url,
  ...certificates('SCHEMA_REGISTRY_SSL'),
  SCHEMA_REGISTRY_OAUTH_TOKEN_URL: url,
  SCHEMA_REGISTRY_OAUTH_SSL_CA: notPem,
  HOOKLINE_AUTH_JWKS_URL: url,
  HOOKLINE_AUTH_ALGORITHMS: ['none', 'HS256', 'RS256,HS256', 'rs256', ',', 'RS256;ES256'],
  HOOKLINE_KEY_RING: ['x', 'a=short', '=', keyRing.slice(0, -3)],
  HOOKLINE_ALLOW_INSECURE_URLS: boolean,
  HOOKLINE_PUBLIC_URL: [...url, 'http://host/', 'http://host/path', 'https://HOST'],
  HOOKLINE_BROWSER_SESSION_MS: whole(60_000, 86_400_000),
  HOOKLINE_RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000),
  HOOKLINE_FAILED_LOGINS_PER_MINUTE: whole(1, 1_000_000),
  HOOKLINE_OIDC_ISSUER_URL: url,
  HOOKLINE_ADMIN_URL: url,
  HOOKLINE_METRICS_BUSINESSES: [Array.from({ length: 21 }, (_unused, n) => `b${n}`).join(',')],
  HOOKLINE_EGRESS_PROXY_URL: [...url, 'https://proxy', 'http://user:password@proxy', 'http://proxy/path'],
  HOOKLINE_DISPATCHER_NAME_SERVERS: [
    'localhost',
    'dns.example:53',
    '1.1.1',
    '256.1.1.1',
    '1.1.1.1;8.8.8.8',
    '1.1.1.1,',
    '1.1.1.1:99999',
    'udp://1.1.1.1',
    '[::1',
  ],
  HOOKLINE_DISPATCHER_MAX_IN_FLIGHT: whole(1, 100_000),
  HOOKLINE_DISPATCHER_MAX_HELD: whole(1, 1_000_000),
  HOOKLINE_DISPATCHER_MAX_HELD_BYTES: whole(1_048_576, 17_179_869_184),
  HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: whole(1, 1_000_000),
  HOOKLINE_DISPATCHER_EXPIRY_HOURS: whole(1, 336),
  HOOKLINE_EVENT_RETENTION_HOURS: whole(24, 8_760),
  HOOKLINE_NOTIFICATION_RETENTION_HOURS: whole(24, 336),
  HOOKLINE_ATTEMPT_RETENTION_HOURS: whole(24, 8_760),
  HOOKLINE_DEAD_LETTER_RETENTION_HOURS: whole(24, 336),
  HOOKLINE_DISPATCHER_RECENT_IDS: whole(0, 10_000_000),
  HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS: whole(10, 60_000),
  HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: whole(100, 60_000),
  HOOKLINE_FORMATTER_COMMIT_INTERVAL_MS: whole(10, 60_000),
  HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: whole(1_024, 268_435_456),
  HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: whole(1_024, 17_179_869_184),
  HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: whole(100, 600_000),
  HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS: whole(1_000, 600_000),
  HOOKLINE_STATS_FLUSH_INTERVAL_MS: whole(10, 60_000),
  HOOKLINE_ALERT_SETTLE_MS: whole(1_000, 86_400_000),
  HOOKLINE_ALERT_BEHIND_MS: whole(1_000, 86_400_000),
  HOOKLINE_ALERT_LANGUAGE: ['de', 'EN', 'english'],
  HOOKLINE_SMTP_URL: [
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://a b',
    ' smtp://mail.example.com',
  ],
  HOOKLINE_SMTP_FROM: [
    'hookline',
    'Hookline <a@b.example>',
    'a@',
    '@b.example',
    'a@b.example\nbcc:c@d.example',
    'a b@c.example',
  ],
  HOOKLINE_STATS_GENERATION: whole(0, 999),
  HOOKLINE_PARTITIONS: whole(1, 1_000),
  HOOKLINE_REPLICATION_FACTOR: ['0', '-2', '32768', '1.5', 'x'],
}

/** Variables that accept any text, or whose value is checked where it is used (also exit code 78). */
const anyText = new Set([
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'HOOKLINE_EGRESS_PROXY_USERNAME',
  'HOOKLINE_EGRESS_PROXY_PASSWORD',
  'KAFKA_SSL_KEY_PASSPHRASE',
  'KAFKA_SASL_OAUTH_CLIENT_ID',
  'KAFKA_SASL_OAUTH_CLIENT_SECRET',
  'KAFKA_SASL_OAUTH_SCOPE',
  'SCHEMA_REGISTRY_SSL_KEY_PASSPHRASE',
  'SCHEMA_REGISTRY_USERNAME',
  'SCHEMA_REGISTRY_PASSWORD',
  'SCHEMA_REGISTRY_BEARER_TOKEN',
  'SCHEMA_REGISTRY_OAUTH_CLIENT_ID',
  'SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET',
  'SCHEMA_REGISTRY_OAUTH_SCOPE',
  'HOOKLINE_AUTH_PUBLIC_KEY',
  'HOOKLINE_AUTH_ISSUER',
  'HOOKLINE_AUTH_AUDIENCE',
  'HOOKLINE_ALLOWED_ADDRESSES',
  'HOOKLINE_OIDC_CLIENT_ID',
  'HOOKLINE_OIDC_CLIENT_SECRET',
  'HOOKLINE_OIDC_SCOPE',
  'HOOKLINE_TOKEN',
  'HOOKLINE_BUSINESS',
])

const services = Object.entries(configs).map(([service, schema]) => ({ service, schema }))

describe('values that cannot work', () => {
  test.each(services)(
    'a value of $service that cannot work ends the start, with the variable, its value and what is allowed',
    ({ schema }) => {
      const names = Object.keys(schema.properties).filter((name) => !anyText.has(name))
      expect(names.filter((name) => !bad[name]?.length)).toEqual([])
      const rounds = Math.max(...names.map((name) => bad[name]?.length ?? 0))
      for (let round = 0; round < rounds; round++) {
        // All variables are wrong at once, and each is named.
        const env = names.map((name) => [name, bad[name]?.[round % bad[name].length] ?? ''] as const)
        const lines = (faultOf(schema, Object.fromEntries(env)) ?? '').split('\n')
        const isSecret = (name: string) => (schema.properties[name] as { secret?: boolean }).secret === true
        const said = env.filter(([name, value]) => {
          const begin = `${name} is ${isSecret(name) ? '(hidden)' : JSON.stringify(value)}; allowed: `
          return lines.some((line) => line.startsWith(begin))
        })
        expect(said).toEqual(env)
      }
    },
  )
})

test.each(services)(
  'every number of $service has an upper bound, because a timer beyond 2^31 ms would fire at once',
  ({ schema }) => {
    const unbounded = Object.entries(schema.properties).filter(([name, variable]) => {
      const { type, maximum } = variable as { type?: string; maximum?: number }
      return type === 'integer' && (maximum === undefined || (name.endsWith('_MS') && maximum >= 2 ** 31))
    })
    expect(unbounded).toEqual([])
  },
)

const certificate = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----'
const connectionContradictions: Record<string, string>[] = [
  { KAFKA_SASL_MECHANISM: 'plain' },
  { KAFKA_SASL_MECHANISM: 'oauthbearer' },
  { KAFKA_SASL_MECHANISM: 'aws-msk-iam' },
  { KAFKA_SSL_CERTIFICATE: certificate },
  { SCHEMA_REGISTRY_SSL_CERTIFICATE: certificate },
  { SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'https://login.example' },
  { SCHEMA_REGISTRY_USERNAME: 'me', SCHEMA_REGISTRY_BEARER_TOKEN: 'x' },
]

describe('variables that contradict one another', () => {
  const contradictions: [string, Record<string, string>][] = [
    ['dispatcher', { HOOKLINE_DISPATCHER_MAX_HELD: '100', HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: '101' }],
    ['producer', { HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: '2048', HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: '2047' }],
    ...services.flatMap(({ service }) =>
      connectionContradictions.map((env): [string, Record<string, string>] => [service, env]),
    ),
  ]
  test.each(contradictions)('contradicting variables of %s end the start: %o', (service, env) => {
    const fault = faultOf(configs[service] as TObject, env) ?? 'taken'
    for (const name of Object.keys(env)) expect(fault).toContain(name)
    expect(fault).toContain('; allowed: ')
  })
})

describe('good values are taken', () => {
  test.each(Object.keys(configs))('the configuration of %s is valid with nothing but a key', (service) => {
    expect(faultOf(configs[service] as TObject, {})).toBeNull()
  })

  test.each<[string, string]>([
    ['KAFKA_BROKERS', 'a:1,b_c.example-d:65535, 10.0.0.1:9092'],
    ['KAFKA_BROKERS', '[::1]:9092,[fe80::1%eth0]:9093'],
    ['SCHEMA_REGISTRY_URL', 'https://registry.example:8443/apis/ccompat/v7/'],
    ['SCHEMA_REGISTRY_URL', 'http://[::1]:8081'],
    ['HOOKLINE_HTTP_HOST', '::1'],
    ['HOOKLINE_HTTP_HOST', 'localhost'],
    ['KAFKA_CLIENT_ID', 'hookline-1'],
  ])('the variable %s may be %s', (name, value) => {
    expect(faultOf(formatterConfig, { [name]: value })).toBeNull()
  })

  test('OIDC variables with an origin and algorithms are accepted', () => {
    const env = { HOOKLINE_PUBLIC_URL: 'https://hooks.example.com:8443', HOOKLINE_AUTH_ALGORITHMS: 'RS256, EdDSA' }
    expect(faultOf(adminConfig, env)).toBeNull()
  })
})

const variablesOf = (list: string) => ({
  KAFKA_BROKERS: list,
  KAFKA_CLIENT_ID: 'test',
})

test('brokers are parsed as the client connects to them', () => {
  expect(parseBrokers('a:1, [::1]:9092')).toEqual([
    { host: 'a', port: 1 },
    { host: '::1', port: 9_092 },
  ])
})

test('a broker at an IPv6 address is connected to', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(0, '::1', () => resolve(true))
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 9_092
  const kafka = createKafka(variablesOf(`[::1]:${port}`), pino({ level: 'silent' }))
  const error = await kafka.cluster.metadata([]).catch((reason: unknown) => reason)
  server.close()
  expect(String(error)).not.toContain('ENOTFOUND')
  if (listening) expect(connections).toBeGreaterThan(0)
  else expect(String(error)).toMatch(/::1/)
})

test('an invalid list of brokers is refused by everything that connects, as openPublisher does', () => {
  expect(() => createKafka(variablesOf('localhost:9092,'), pino({ level: 'silent' }))).toThrow(ConfigError)
})
