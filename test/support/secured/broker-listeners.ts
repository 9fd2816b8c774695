import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrokerSecurity, ExtraListener } from '../../../deploy/local/platform/kafka-properties.ts'
import type { Credentials } from './certificate-authority.ts'

/** PEM files for a broker, in a folder of their own. A file is replaced by writing it again. */
export type PemFiles = AsyncDisposable & {
  /** @returns the file's path. */
  write(name: string, ...texts: string[]): Promise<string>
}

export async function openPemFiles(): Promise<PemFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-pem-'))
  return {
    async write(name, ...texts) {
      const path = join(folder, name)
      await writeFile(path, texts.map((text) => `${text.trim()}\n`).join(''))
      return path
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/**
 * A listener LOGIN with SASL PLAIN, whose clients may do what ACLs allow. Clients of the first listener may do
 * everything.
 * @param users user -> password.
 */
export function loginWithAcls(users: Readonly<Record<string, string>>): BrokerSecurity {
  const settings = { 'sasl.enabled.mechanisms': 'PLAIN', 'plain.sasl.jaas.config': plainUsers(users) }
  return {
    listeners: [{ name: 'LOGIN', protocol: 'SASL_PLAINTEXT', settings }],
    settings: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  }
}

/** Value of plain.sasl.jaas.config. */
function plainUsers(users: Readonly<Record<string, string>>): string {
  const logins = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`)
  return `org.apache.kafka.common.security.plain.PlainLoginModule required ${logins.join(' ')};`
}

/** Settings of a listener's own certificate. @param file with key and certificate. */
export function keyStore(file: string): ExtraListener['settings'] {
  return { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': file }
}

/** Settings of a listener that requires client certificates. @param file with the certificates of their CAs. */
export function trustStore(file: string): ExtraListener['settings'] {
  return { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': file, 'ssl.client.auth': 'required' }
}

/** Content of the file of a key store. */
export function keyAndCertificate({ key, certificate }: Credentials): string {
  return `${key.trim()}\n${certificate.trim()}`
}

/** Settings of a listener where clients sign in by PLAIN or SCRAM. @param users user -> password. */
export function passwords(users: Readonly<Record<string, string>>): ExtraListener['settings'] {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'plain.sasl.jaas.config': plainUsers(users),
    'scram-sha-256.sasl.jaas.config': scram,
    'scram-sha-512.sasl.jaas.config': scram,
  }
}

const bearer = 'org.apache.kafka.common.security.oauthbearer'

/** Settings of a listener where clients sign in by tokens, which it checks by the issuer's keys (JWKS). */
export function tokens(
  issuer: string,
  jwksUrl: string,
  audience: string,
): Pick<ExtraListener, 'settings'> & Pick<BrokerSecurity, 'jvmFlags'> {
  return {
    settings: {
      'sasl.enabled.mechanisms': 'OAUTHBEARER',
      'oauthbearer.sasl.jaas.config': `${bearer}.OAuthBearerLoginModule required;`,
      'oauthbearer.sasl.server.callback.handler.class': `${bearer}.OAuthBearerValidatorCallbackHandler`,
      'oauthbearer.sasl.oauthbearer.jwks.endpoint.url': jwksUrl,
      'oauthbearer.sasl.oauthbearer.expected.issuer': issuer,
      'oauthbearer.sasl.oauthbearer.expected.audience': audience,
      // Ends the session of a connection together with its token.
      'oauthbearer.connections.max.reauth.ms': 3_600_000,
    },
    jvmFlags: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwksUrl}`],
  }
}
