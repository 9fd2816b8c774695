import { findJava } from '../../deploy/local/platform/java.ts'
import { type JvmPlatform, startJvmPlatform } from '../../deploy/local/platform/jvm-platform.ts'
import type { BrokerSecurity } from '../../deploy/local/platform/kafka-properties.ts'
import type { PlatformOptions } from '../../deploy/local/platform/platform.ts'

/**
 * Starts a Kafka and a registry on a local JVM for a test that kills, stops or starves them.
 * @param security listeners with TLS or a login, beside the plain one.
 * @throws Error if Java or Maven is missing, or with the end of the log of what did not start.
 */
export async function startOwnPlatform({ progress }: PlatformOptions, security?: BrokerSecurity): Promise<JvmPlatform> {
  const search = await findJava(process.env)
  if (search.kind === 'missing') throw new Error(search.explanation)
  return startJvmPlatform(search.java, progress, process.env, security)
}
