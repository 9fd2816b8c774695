import Type from 'typebox'
import type { ConfigRule } from './config.ts'
import {
  brokerList,
  httpUrl,
  namedValues,
  optionalHttpUrl,
  optionalName,
  pemText,
  printable,
} from './variable-checks.ts'

/** Variables of the connections to Kafka and to the schema registry, which every program has. */

type Prefixed<Prefix extends string, Variables> = {
  [Name in keyof Variables & string as `${Prefix}${Name}`]: Variables[Name]
}

function prefixed<Prefix extends string, Variables extends object>(
  prefix: Prefix,
  variables: Variables,
): Prefixed<Prefix, Variables> {
  const named = Object.entries(variables).map(([name, variable]) => [prefix + name, variable] as const)
  return Object.fromEntries(named) as Prefixed<Prefix, Variables>
}

const certificates = (server: string) => ({
  CA: Type.String({
    default: '',
    description: `certificates of the CAs that may sign the certificate of ${server}; if empty, the CAs that Node trusts`,
    inFile: true,
    ...pemText('CERTIFICATE'),
  }),
  CERTIFICATE: Type.String({
    default: '',
    description: `client certificate for ${server}, followed by its intermediate certificates`,
    inFile: true,
    ...pemText('CERTIFICATE'),
  }),
  KEY: Type.String({
    default: '',
    description: 'private key of the client certificate',
    secret: true,
    ...pemText('PRIVATE KEY'),
  }),
  KEY_PASSPHRASE: Type.String({
    default: '',
    description: 'passphrase of the private key, if it is encrypted',
    secret: true,
  }),
  SERVER_NAME: Type.String({
    default: '',
    description: `name that the certificate of ${server} must contain; if empty, the host of the connection`,
    ...optionalName,
  }),
})

const clientCredentials = (server: string) => ({
  TOKEN_URL: Type.String({
    default: '',
    description: `token endpoint of the OAuth server that issues tokens for ${server} by client credentials`,
    ...optionalHttpUrl,
  }),
  CLIENT_ID: Type.String({ default: '', description: 'client id at the OAuth server' }),
  CLIENT_SECRET: Type.String({
    default: '',
    description: 'client secret at the OAuth server',
    secret: true,
  }),
  SCOPE: Type.String({ default: '', description: 'scope to ask the OAuth server for' }),
  SSL_CA: Type.String({
    default: '',
    description: 'certificates of the CAs of the OAuth server; if empty, the CAs that Node trusts',
    inFile: true,
    ...pemText('CERTIFICATE'),
  }),
})

export const kafkaVariables = {
  KAFKA_BROKERS: Type.String({
    default: 'localhost:9092',
    description: 'bootstrap brokers',
    ...brokerList,
  }),
  KAFKA_CLIENT_ID: Type.String({
    default: 'hookline',
    description: "client id for the brokers' logs and quotas",
    ...printable,
  }),
  KAFKA_TLS: Type.Boolean({
    default: false,
    description: 'connect over TLS; implied if KAFKA_SSL_CA, KAFKA_SSL_CERTIFICATE or KAFKA_SSL_KEY is set',
  }),
  ...prefixed('KAFKA_SSL_', certificates('the brokers')),
  KAFKA_SASL_MECHANISM: Type.Enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam'], {
    default: 'none',
    description: 'SASL mechanism',
  }),
  KAFKA_SASL_USERNAME: Type.String({ default: '', description: 'SASL user, for plain and scram' }),
  KAFKA_SASL_PASSWORD: Type.String({ default: '', description: 'SASL password, for plain and scram', secret: true }),
  ...prefixed('KAFKA_SASL_OAUTH_', clientCredentials('Kafka')),
  KAFKA_SASL_OAUTH_EXTENSIONS: Type.String({
    default: '',
    description: 'SASL extensions sent with the token, such as logicalCluster=lkc-1,identityPoolId=pool-1',
    ...namedValues,
  }),
  KAFKA_SASL_AWS_REGION: Type.String({
    default: '',
    description: 'AWS region of the cluster, for aws-msk-iam; the credentials come from the AWS SDK',
    pattern: '^[a-z0-9-]*$',
    maxLength: 40,
  }),
  HOOKLINE_TOPIC_PREFIX: Type.String({
    default: '',
    pattern: '^[A-Za-z0-9._-]*$',
    // Kafka limits the name of a topic to 249 characters.
    maxLength: 200,
    description: 'prefix of the name of every topic and consumer group',
  }),
}

export const registryVariables = {
  SCHEMA_REGISTRY_URL: Type.String({
    default: 'http://localhost:8080/apis/ccompat/v7',
    description: "base URL of the schema registry's Confluent API",
    ...httpUrl,
  }),
  ...prefixed('SCHEMA_REGISTRY_SSL_', certificates('the registry')),
  SCHEMA_REGISTRY_USERNAME: Type.String({ default: '', description: 'user for basic authentication' }),
  SCHEMA_REGISTRY_PASSWORD: Type.String({
    default: '',
    description: 'password for basic authentication',
    secret: true,
  }),
  SCHEMA_REGISTRY_BEARER_TOKEN: Type.String({
    default: '',
    description: 'token for bearer authentication',
    secret: true,
  }),
  ...prefixed('SCHEMA_REGISTRY_OAUTH_', clientCredentials('the registry')),
}

type Values = Readonly<Record<string, unknown>>

/** Variables that each SASL mechanism needs: without them every connection would fail, and waiting would not help. */
const neededBy: Readonly<Record<string, readonly string[]>> = {
  plain: ['KAFKA_SASL_USERNAME'],
  'scram-sha-256': ['KAFKA_SASL_USERNAME'],
  'scram-sha-512': ['KAFKA_SASL_USERNAME'],
  oauthbearer: ['KAFKA_SASL_OAUTH_TOKEN_URL', 'KAFKA_SASL_OAUTH_CLIENT_ID', 'KAFKA_SASL_OAUTH_CLIENT_SECRET'],
  'aws-msk-iam': ['KAFKA_SASL_AWS_REGION'],
}

const mechanismHasItsVariables: ConfigRule<Values> = (config) => {
  const mechanism = String(config.KAFKA_SASL_MECHANISM)
  const missing = (neededBy[mechanism] ?? []).filter((name) => config[name] === '')
  return missing.length === 0
    ? null
    : `KAFKA_SASL_MECHANISM is "${mechanism}" and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set; allowed: both or neither`
}

/** A pair of variables of which one is useless alone. */
export const together =
  (first: string, second: string): ConfigRule<Values> =>
  (config) =>
    (config[first] === '') === (config[second] === '')
      ? null
      : `one of ${first} and ${second} is not set; allowed: both or neither`

const oneRegistryLogin: ConfigRule<Values> = (config) => {
  const logins = ['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_BEARER_TOKEN', 'SCHEMA_REGISTRY_OAUTH_TOKEN_URL']
  const given = logins.filter((name) => config[name] !== '')
  return given.length <= 1 ? null : `${given.join(' and ')} are set; allowed: one of them`
}

/** Rules about kafkaVariables and registryVariables. */
export const connectionRules: readonly ConfigRule<Values>[] = [
  mechanismHasItsVariables,
  together('KAFKA_SSL_CERTIFICATE', 'KAFKA_SSL_KEY'),
  together('SCHEMA_REGISTRY_SSL_CERTIFICATE', 'SCHEMA_REGISTRY_SSL_KEY'),
  together('SCHEMA_REGISTRY_OAUTH_TOKEN_URL', 'SCHEMA_REGISTRY_OAUTH_CLIENT_ID'),
  oneRegistryLogin,
]
