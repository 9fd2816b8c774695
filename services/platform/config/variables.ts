import Type from 'typebox'
import { kafkaVariables, registryVariables } from './connection-variables.ts'
import { eachOf, listenAddress, optionalHttpUrl, proxyUrl } from './variable-checks.ts'

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

const groupVariables = {
  HOOKLINE_SESSION_TIMEOUT_MS: Type.Integer({
    default: 6_000,
    minimum: 6_000,
    maximum: 300_000,
    description: "time without a heartbeat after which the group reassigns an instance's partitions, in milliseconds",
  }),
  HOOKLINE_INSTANCE_ID: Type.String({
    default: '',
    pattern: '^[a-zA-Z0-9._-]{0,249}$',
    description:
      'name of this instance that no other instance of the service has and a restart keeps; within the session, a restart then keeps its partitions, and an instance that stops for good gives them up only after it',
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
    inFile: true,
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

/** The proxy through which requests to customers' URLs leave. */
export const proxyVariables = {
  HOOKLINE_EGRESS_PROXY_URL: Type.String({
    default: '',
    ...proxyUrl,
    description:
      'HTTP proxy (CONNECT) for all requests to webhooks and alerts to URLs; if empty, they are sent directly',
  }),
  HOOKLINE_EGRESS_PROXY_USERNAME: Type.String({ default: '', description: 'user name for the egress proxy' }),
  HOOKLINE_EGRESS_PROXY_PASSWORD: Type.String({
    default: '',
    description: 'password for the egress proxy',
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
    description: 'non-public address ranges that webhooks may use: CIDRs, comma-separated, such as 127.0.0.0/8,::1/128',
  }),
}
