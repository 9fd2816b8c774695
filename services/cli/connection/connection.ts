import { decodeJwt } from 'jose'
import Type from 'typebox'
import type { RegistryConfig } from '../../platform/avro/codec.ts'
import { loadConfig } from '../../platform/config/config.ts'
import type { KafkaVariables } from '../../platform/kafka/client.ts'
import { cliConfig } from '../config.ts'
import { usageFailure } from '../failure.ts'
import type { LocalAddress } from './local-address.ts'

/** Flags for addresses and credentials. A flag overrides its variable, which overrides the file of a local stack. */
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

const tokenVariable = Type.Object({ HOOKLINE_TOKEN: cliConfig.properties.HOOKLINE_TOKEN })
/** End of the messages about a missing address. */
const orStart = 'or start a local stack with npm start, which writes .hookline/local.json'

/**
 * Address of admin and token. The token in the file is sent only to the address in the file, because no other server
 * may see it.
 * @throws CliFailure when the address or the token is missing; ConfigError when the token's file cannot be read.
 */
export function adminConnection(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
  local: LocalAddress | null,
): AdminConnection {
  const url = flags.adminUrl || env.HOOKLINE_ADMIN_URL || local?.adminUrl
  if (!url) throw usageFailure(`no address of admin: set --admin-url or HOOKLINE_ADMIN_URL, ${orStart}`)
  if (!URL.canParse(url)) throw usageFailure(`${url} is not a URL`)
  const ofThisStack = url === local?.adminUrl ? local.token : undefined
  const token = flags.token || loadConfig(tokenVariable, env).HOOKLINE_TOKEN || ofThisStack
  if (!token) throw usageFailure(`no token for ${url}: set --token-file or HOOKLINE_TOKEN`)
  return { url: url.replace(/(?<!\/)\/+$/, ''), token }
}

/** The registry in the file is used only with the brokers in the file. @throws ConfigError for an invalid variable. */
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

/** @returns undefined if no business is named and the token is for all of them. */
export function namedBusiness(flags: ConnectionFlags, env: NodeJS.ProcessEnv, token: string): string | undefined {
  return flags.business || env.HOOKLINE_BUSINESS || readBusiness(token)
}

/** The token's own business. The server verifies the token. */
function readBusiness(token: string): string | undefined {
  try {
    const { businessId } = decodeJwt<{ businessId?: unknown }>(token)
    return typeof businessId === 'string' && businessId !== '*' && businessId !== '' ? businessId : undefined
  } catch {
    // Not a readable token; admin will reject it.
    return undefined
  }
}
