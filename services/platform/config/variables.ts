import Type from 'typebox'
import type { ConfigRule } from './config.ts'
import { brokerList, eachOf, httpUrl, listenAddress, optionalHttpUrl, printable } from './variable-checks.ts'

/** Variables that several services share. Each service's config.ts spreads the ones it needs. */

const signatureAlgorithms = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
]
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const serviceVariables = (defaultPort: number) => ({
  HOOKLINE_LOG_LEVEL: Type.Enum([...logLevels], { default: 'info', description: 'least severe level to log' }),
  HOOKLINE_HTTP_HOST: Type.String({ default: '0.0.0.0', description: 'address to listen on', ...listenAddress }),
  HOOKLINE_HTTP_PORT: Type.Integer({
    default: defaultPort,
    minimum: 0,
    maximum: 65535,
    description: 'port to listen on; 0 picks a free one and logs it',
  }),
  HOOKLINE_SHUTDOWN_TIMEOUT_MS: Type.Integer({
    default: 30_000,
    minimum: 0,
    maximum: 3_600_000,
    description: 'time to finish work in flight after SIGTERM, in milliseconds',
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
  KAFKA_TLS: Type.Boolean({ default: false, description: 'connect over TLS' }),
  KAFKA_SASL_MECHANISM: Type.Enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512'], {
    default: 'none',
    description: 'SASL mechanism',
  }),
  KAFKA_SASL_USERNAME: Type.String({ default: '', description: 'SASL user' }),
  KAFKA_SASL_PASSWORD: Type.String({ default: '', description: 'SASL password', secret: true }),
  HOOKLINE_TOPIC_PREFIX: Type.String({
    default: '',
    pattern: '^[A-Za-z0-9._-]*$',
    // Kafka limits the name of a topic to 249 characters.
    maxLength: 200,
    description: 'prefix of the name of every topic and consumer group',
  }),
}

/**
 * Requires a user for each SASL mechanism. Without one the broker would refuse every connection, and waiting would not
 * help.
 */
export const saslRule: ConfigRule<{ KAFKA_SASL_MECHANISM: string; KAFKA_SASL_USERNAME: string }> = (config) =>
  config.KAFKA_SASL_MECHANISM !== 'none' && config.KAFKA_SASL_USERNAME === ''
    ? `KAFKA_SASL_MECHANISM is "${config.KAFKA_SASL_MECHANISM}" and KAFKA_SASL_USERNAME is not set; allowed: both or neither`
    : null

const groupVariables = {
  HOOKLINE_SESSION_TIMEOUT_MS: Type.Integer({
    default: 8_000,
    minimum: 6_000,
    maximum: 300_000,
    description: "time without a heartbeat until the group reassigns an instance's partitions, in milliseconds",
  }),
}

export const registryVariables = {
  SCHEMA_REGISTRY_URL: Type.String({
    default: 'http://localhost:8080/apis/ccompat/v7',
    description: "base URL of the schema registry's Confluent API",
    ...httpUrl,
  }),
  SCHEMA_REGISTRY_USERNAME: Type.String({ default: '', description: 'user for basic authentication' }),
  SCHEMA_REGISTRY_PASSWORD: Type.String({
    default: '',
    description: 'password for basic authentication',
    secret: true,
  }),
}

/** Variables of a service that processes records. */
export const streamVariables = { ...kafkaVariables, ...groupVariables, ...registryVariables }

export const authVariables = {
  HOOKLINE_AUTH_JWKS_URL: Type.String({
    default: '',
    description: 'JWKS URL of the token issuer; this or a public key is required',
    ...optionalHttpUrl,
  }),
  HOOKLINE_AUTH_PUBLIC_KEY: Type.String({
    default: '',
    description: 'public key of the token issuer, as a JWK in JSON or as PEM',
  }),
  HOOKLINE_AUTH_ISSUER: Type.String({ default: 'hookline', description: 'required iss claim' }),
  HOOKLINE_AUTH_AUDIENCE: Type.String({ default: 'hookline', description: 'required aud claim' }),
  HOOKLINE_AUTH_ALGORITHMS: Type.String({
    default: 'EdDSA,ES256,RS256',
    description: 'accepted signature algorithms; asymmetric only',
    ...eachOf(signatureAlgorithms),
  }),
}

export const keyRingVariables = {
  HOOKLINE_KEY_RING: Type.String({
    pattern: '^[A-Za-z0-9_-]+=[A-Za-z0-9+/=_-]{43,44}(,[A-Za-z0-9_-]+=[A-Za-z0-9+/=_-]{43,44})*$',
    description:
      'keys that encrypt secrets in the topics: id=base64 of 32 bytes, comma-separated; the first encrypts, all decrypt',
    secret: true,
  }),
}

/** Where webhooks may lead. The API and the dispatcher use the same settings. */
export const targetVariables = {
  HOOKLINE_ALLOW_INSECURE_URLS: Type.Boolean({
    default: false,
    description: 'accept webhook URLs with http: and with any port, for local use',
  }),
  HOOKLINE_ALLOWED_ADDRESSES: Type.String({
    default: '',
    description:
      'non-public address ranges that webhooks may lead to: CIDRs, comma-separated, such as 127.0.0.0/8,::1/128',
  }),
}
