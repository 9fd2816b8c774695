import { decodeJwt } from 'jose'
import type { RegistryConfig } from '../../platform/avro/codec.ts'
import { loadConfig } from '../../platform/config/config.ts'
import type { KafkaVariables } from '../../platform/kafka/client.ts'
import { cliConfig } from '../config.ts'
import { usageFailure } from '../failure.ts'
import type { LocalAddress } from './local-address.ts'

/** Flags that say where things are; each wins over its variable, which wins over the file of a stack that runs here. */
export type ConnectionFlags = {
  business?: string
  adminUrl?: string
  token?: string
  brokers?: string
  registryUrl?: string
  topicPrefix?: string
}

export type AdminConnection = { url: string; token: string }
export type KafkaConnection = KafkaVariables & RegistryConfig & { HOOKLINE_TOPIC_PREFIX: string }

/** Nothing found is told in the words of the flag and of the variable. */
const orStart = 'or start a stack here by npm start, which leaves .hookline/local.json'

/**
 * The token in the file is sent to the address in the file only: a stack's token is no other server's business.
 * @throws CliFailure when there is no address or no token.
 */
export function adminConnection(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
  local: LocalAddress | null,
): AdminConnection {
  const url = flags.adminUrl || env.HOOKLINE_ADMIN_URL || local?.adminUrl
  if (!url) throw usageFailure(`where is admin? Say --admin-url or HOOKLINE_ADMIN_URL, ${orStart}`)
  if (!URL.canParse(url)) throw usageFailure(`${url} is not a URL`)
  const ofThisStack = url === local?.adminUrl ? local.token : undefined
  const token = flags.token || env.HOOKLINE_TOKEN || ofThisStack
  if (!token) throw usageFailure(`no token for ${url}: say --token-file or HOOKLINE_TOKEN`)
  return { url: url.replace(/(?<!\/)\/+$/, ''), token }
}

/** The registry in the file goes with the brokers in the file. @throws ConfigError for a variable that is wrong. */
export function kafkaConnection(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
  local: LocalAddress | null,
): KafkaConnection {
  const brokers = flags.brokers || env.KAFKA_BROKERS || local?.brokers || ''
  const ofThisStack = brokers === local?.brokers ? local.schemaRegistryUrl : ''
  return loadConfig(cliConfig, {
    ...env,
    KAFKA_BROKERS: brokers,
    SCHEMA_REGISTRY_URL: flags.registryUrl || env.SCHEMA_REGISTRY_URL || ofThisStack,
    HOOKLINE_TOPIC_PREFIX: flags.topicPrefix ?? env.HOOKLINE_TOPIC_PREFIX,
  })
}

/** @returns undefined when none is named and the token is for all of them. */
export function namedBusiness(flags: ConnectionFlags, env: NodeJS.ProcessEnv, token: string): string | undefined {
  return flags.business || env.HOOKLINE_BUSINESS || businessOf(token)
}

/** The token's own business. It is the server that verifies the token. */
function businessOf(token: string): string | undefined {
  try {
    const { businessId } = decodeJwt<{ businessId?: unknown }>(token)
    return typeof businessId === 'string' && businessId !== '*' && businessId !== '' ? businessId : undefined
  } catch {
    // Not a token that one can look into: admin says what it thinks of it.
    return undefined
  }
}
