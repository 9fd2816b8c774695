import { type Got, HTTPError, RequestError } from 'got'
import type { Static, TObject } from 'typebox'
import type { registryVariables } from '../config/connection-variables.ts'
import { shownVariable, textReader } from '../config/file-variables.ts'
import { clientCredentials } from '../connection/client-credentials.ts'
import { httpClient } from '../connection/http-client.ts'
import { classifyTlsFault, plainTlsMessage } from '../connection/tls-faults.ts'
import { TlsSettings } from '../connection/tls-settings.ts'
import { TokenCache } from '../connection/token-cache.ts'
import { systemClock } from '../runtime/clock.ts'

type AllVariables = Static<TObject<typeof registryVariables>>
export type RegistryConfig = Pick<AllVariables, 'SCHEMA_REGISTRY_URL'> & Partial<AllVariables>

const timeoutMs = 10_000

/**
 * HTTP client for the schema registry, with its credentials and certificates. Errors say which setting to check.
 * @throws ConfigError when a certificate or key cannot be used.
 */
export function createRegistryClient(config: RegistryConfig): Got {
  const tls = new TlsSettings(config, 'SCHEMA_REGISTRY_SSL_')
  const authorization = createAuthorization(config)
  return httpClient(tls).extend({
    prefixUrl: config.SCHEMA_REGISTRY_URL,
    timeout: { request: timeoutMs },
    headers: { accept: 'application/vnd.schemaregistry.v1+json, application/json' },
    hooks: {
      beforeRequest: [
        async (options) => {
          const value = await authorization()
          if (value !== null) options.headers.authorization = value
        },
      ],
      beforeError: [
        (error) => {
          const advice = adviceOn(error, config, tls)
          error.message = plainTlsMessage(error.message) + (advice === null ? '' : ` (${advice})`)
          return error
        },
      ],
    },
  })
}

/** Advice for an answer that refuses the credentials; null for any other. */
export function adviseOnStatus(status: number, config: RegistryConfig): string | null {
  if (status !== 401 && status !== 403) return null
  if (config.SCHEMA_REGISTRY_OAUTH_TOKEN_URL)
    return 'the registry does not accept the token; check SCHEMA_REGISTRY_OAUTH_SCOPE'
  if (config.SCHEMA_REGISTRY_BEARER_TOKEN) return `check ${shownVariable(config, 'SCHEMA_REGISTRY_BEARER_TOKEN')}`
  return `check SCHEMA_REGISTRY_USERNAME and ${shownVariable(config, 'SCHEMA_REGISTRY_PASSWORD')}`
}

function adviceOn(error: Error, config: RegistryConfig, tls: TlsSettings): string | null {
  if (error instanceof HTTPError) return adviseOnStatus(error.response.statusCode, config)
  if (!(error instanceof RequestError)) return null
  switch (classifyTlsFault(error)) {
    case 'unknown-issuer':
      return `${tls.hasCa ? 'add' : 'set SCHEMA_REGISTRY_SSL_CA to'} the certificate of the CA that has signed the registry's certificate`
    case 'out-of-date':
      return "renew the registry's certificate"
    case 'wrong-name':
      return "use a name that the registry's certificate holds in SCHEMA_REGISTRY_URL, or set SCHEMA_REGISTRY_SSL_SERVER_NAME to one"
    case 'client-certificate':
      return tls.hasCertificate
        ? 'the registry does not accept the certificate in SCHEMA_REGISTRY_SSL_CERTIFICATE'
        : 'the registry wants a client certificate; set SCHEMA_REGISTRY_SSL_CERTIFICATE and SCHEMA_REGISTRY_SSL_KEY'
    case 'not-tls':
      return 'the registry does not answer in TLS; is its URL http:?'
    case null:
      return error.code.startsWith('HPE_') ? 'this is no answer in HTTP; is the URL of the registry https:?' : null
  }
}

/** Value of the header authorization for the next request; null without credentials. */
function createAuthorization(config: RegistryConfig): () => string | null | Promise<string> {
  const { SCHEMA_REGISTRY_USERNAME: username = '', SCHEMA_REGISTRY_OAUTH_TOKEN_URL: tokenUrl = '' } = config
  if (username !== '') {
    const password = textReader(config, 'SCHEMA_REGISTRY_PASSWORD')
    return () => `Basic ${Buffer.from(`${username}:${password()}`).toString('base64')}`
  }
  if (tokenUrl !== '') {
    const tokens = new TokenCache(clientCredentials(config, 'SCHEMA_REGISTRY_OAUTH_', systemClock), systemClock)
    return async () => `Bearer ${await tokens.current()}`
  }
  const token = textReader(config, 'SCHEMA_REGISTRY_BEARER_TOKEN')
  return () => (token() === '' ? null : `Bearer ${token()}`)
}
