import { expect, test } from 'vitest'
import { adminConnection, kafkaConnection, namedBusiness } from '../../../../services/cli/connection/connection.ts'

const local = {
  brokers: '127.0.0.1:29092',
  schemaRegistryUrl: 'http://127.0.0.1:28080/registry',
  adminUrl: 'http://127.0.0.1:28081',
  token: 'local-token',
}

test.each([
  ['the file of a local stack', {}, {}, local, { url: local.adminUrl, token: 'local-token' }],
  [
    'variables win over it',
    {},
    { HOOKLINE_ADMIN_URL: 'https://a/', HOOKLINE_TOKEN: 't' },
    local,
    { url: 'https://a', token: 't' },
  ],
  [
    'flags win over both',
    { adminUrl: 'https://f', token: 'f' },
    { HOOKLINE_TOKEN: 't' },
    local,
    { url: 'https://f', token: 'f' },
  ],
  ['a token of its own for the local stack', {}, { HOOKLINE_TOKEN: 't' }, local, { url: local.adminUrl, token: 't' }],
])('the connection to the API comes from flags, variables or file: %s', (_name, flags, env, file, connection) => {
  expect(adminConnection(flags, env, file)).toEqual(connection)
})

test.each([
  ['nothing is known', {}, {}, null, /no address of admin/],
  ['no token', { adminUrl: 'https://a' }, {}, null, /no token for https:\/\/a/],
  [
    'the token of the local stack goes to no other server',
    { adminUrl: 'https://a' },
    {},
    local,
    /no token for https:\/\/a/,
  ],
  ['no URL', { adminUrl: 'a b' }, {}, local, /a b is not a URL/],
])('a connection to the API is refused: %s', (_name, flags, env, file, message) => {
  expect(() => adminConnection(flags, env, file)).toThrow(message)
})

test.each([
  ['the local stack', {}, {}, local, [local.brokers, local.schemaRegistryUrl]],
  [
    'its registry does not go with other brokers',
    { brokers: 'k:1' },
    {},
    local,
    ['k:1', 'http://localhost:8080/apis/ccompat/v7'],
  ],
  ['variables', {}, { KAFKA_BROKERS: 'k:2', SCHEMA_REGISTRY_URL: 'http://r' }, local, ['k:2', 'http://r']],
  ['defaults', {}, {}, null, ['localhost:9092', 'http://localhost:8080/apis/ccompat/v7']],
])(
  'the connection to Kafka comes from flags, variables or file: %s',
  (_name, flags, env, file, [brokers, registry]) => {
    expect(kafkaConnection(flags, env, file)).toMatchObject({ KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry })
  },
)

test('a wrong variable is reported by its name', () => {
  expect(() => kafkaConnection({}, { KAFKA_TLS: 'perhaps' }, null)).toThrow(/KAFKA_TLS is "perhaps"/)
})

const tokenOf = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

test.each([
  [{ business: 'f' }, { HOOKLINE_BUSINESS: 'v' }, { businessId: 't' }, 'f'],
  [{}, { HOOKLINE_BUSINESS: 'v' }, { businessId: 't' }, 'v'],
  [{}, {}, { businessId: 't' }, 't'],
  [{}, {}, { businessId: '*' }, undefined],
  [{}, {}, {}, undefined],
])('the business is taken from flag %j, variable %j, token %j: %j', (flags, env, claims, business) => {
  expect(namedBusiness(flags, env, tokenOf(claims))).toBe(business)
  expect(namedBusiness({}, {}, 'no token at all')).toBeUndefined()
})
