import type { JvmPlatform } from '../../../deploy/local/platform/jvm-platform.ts'
import { startOwnPlatform } from '../own-platform.ts'
import { keyAndCertificate, keyStore, openPemFiles, passwords, tokens, trustStore } from './broker-listeners.ts'
import { createCertificateAuthority } from './certificate-authority.ts'
import { type RegistryTls, startRegistryTls } from './registry-tls.ts'
import { audience, startTokenServer, type TokenServer } from './token-server.ts'

export type Variables = Record<string, string>

/** A broker with listeners for each way to connect, and a registry with TLS and a login. */
export type SecuredPlatform = AsyncDisposable & {
  platform: JvmPlatform
  registry: RegistryTls
  tokenServer: TokenServer
  /** Variables by which a program connects to Kafka; certificates and passwords are in files. */
  kafka: Record<'plain' | 'scram256' | 'scram512' | 'certificate' | 'token', Variables>
  /** Variables by which a program connects to the registry. */
  schemas: Record<'basic' | 'bearer' | 'certificate' | 'token', Variables>
  /** `host:port` of a listener: LOGIN, TOKEN, MTLS, EXPIRED or ELSEWHERE. */
  addressOf(listener: string): string
  /** Certificate and key of a server of the broker's CA, which only Kafka's clients should trust. */
  serverOfSameCa: { certificate: string; key: string }
  /** Certificate of a CA that has signed nothing here. */
  otherCa: string
  /** A client certificate that the broker does not accept after replaceCertificates. */
  firstClient: { certificate: string; key: string }
  /**
   * Replaces CA, certificates and keys of everybody by those of another CA, under the same names of files. The broker
   * restarts, so that every connection is opened again.
   */
  replaceCertificates(): Promise<void>
}

export const user = 'hookline'
export const password = 'correct-horse-battery'
export const bearerToken = 'a-static-token'
const client = { id: 'hookline', secret: 'the secret of a client' }
const local = ['127.0.0.1', 'localhost']
/** The pair of files of a listener's certificate whose clients are refused by it. */
const elsewhere = ['kafka.elsewhere.example']

/** @param tokenSeconds lifetime of the tokens. */
export async function startSecuredPlatform(tokenSeconds: number): Promise<SecuredPlatform> {
  await using opened = new AsyncDisposableStack()
  const ca = await createCertificateAuthority('First CA')
  const files = opened.use(await openPemFiles())
  const tokenServer = opened.use(await startTokenServer(client, tokenSeconds))
  const [broker, expired, other, firstClient, serverOfSameCa] = await Promise.all([
    ca.issue('broker', local),
    ca.issue('broker', local, -1),
    ca.issue('broker', elsewhere),
    ca.issue('client'),
    ca.issue('receiver', local),
  ])
  const writeClient = async (caText: string, own: typeof firstClient) => ({
    ca: await files.write('client-ca.pem', caText),
    certificate: await files.write('client.pem', own.certificate),
    key: await files.write('client.key', own.key),
  })
  const brokerStore = keyStore(await files.write('broker.pem', keyAndCertificate(broker)))
  const clientCas = await files.write('broker-clients.pem', ca.certificate)
  const tokenLogin = tokens(tokenServer.issuer, tokenServer.jwksUrl, audience)
  const users = { [user]: password }
  const platform = await startOwnPlatform(
    { progress: () => undefined },
    {
      listeners: [
        { name: 'LOGIN', protocol: 'SASL_SSL', settings: { ...brokerStore, ...passwords(users) } },
        { name: 'TOKEN', protocol: 'SASL_SSL', settings: { ...brokerStore, ...tokenLogin.settings } },
        { name: 'MTLS', protocol: 'SSL', settings: { ...brokerStore, ...trustStore(clientCas) } },
        {
          name: 'EXPIRED',
          protocol: 'SSL',
          settings: keyStore(await files.write('expired.pem', keyAndCertificate(expired))),
        },
        {
          name: 'ELSEWHERE',
          protocol: 'SSL',
          settings: keyStore(await files.write('elsewhere.pem', keyAndCertificate(other))),
        },
      ],
      scramUsers: users,
      ...(tokenLogin.jvmFlags && { jvmFlags: tokenLogin.jvmFlags }),
    },
  )
  opened.defer(() => platform.stop())
  const bearers = new Map([
    [`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, 'basic'],
    [`Bearer ${bearerToken}`, 'bearer'],
  ])
  // Tokens of the token server are JWTs.
  const loginOf = (value: string) =>
    bearers.get(value) ?? (/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(value) ? 'token' : null)
  const registry = opened.use(await startRegistryTls(platform.schemaRegistryUrl, broker, ca.certificate, loginOf))

  const paths = await writeClient(ca.certificate, firstClient)
  const passwordFile = await files.write('password', password)
  const secretFile = await files.write('secret', client.secret)
  const addressOf = (listener: string) => platform.broker.addressOf(listener)
  const login = (mechanism: string) => ({
    KAFKA_BROKERS: addressOf('LOGIN'),
    KAFKA_SSL_CA_FILE: paths.ca,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD_FILE: passwordFile,
  })
  const certificates = (prefix: string) => ({
    [`${prefix}_SSL_CA_FILE`]: paths.ca,
    [`${prefix}_SSL_CERTIFICATE_FILE`]: paths.certificate,
    [`${prefix}_SSL_KEY_FILE`]: paths.key,
  })
  const credentials = (prefix: string) => ({
    [`${prefix}_OAUTH_TOKEN_URL`]: tokenServer.tokenUrl,
    [`${prefix}_OAUTH_CLIENT_ID`]: client.id,
    [`${prefix}_OAUTH_CLIENT_SECRET_FILE`]: secretFile,
  })
  const https = { SCHEMA_REGISTRY_URL: registry.url, SCHEMA_REGISTRY_SSL_CA_FILE: paths.ca }
  const kept = opened.move()
  return {
    platform,
    registry,
    tokenServer,
    addressOf,
    serverOfSameCa,
    otherCa: (await createCertificateAuthority('Another CA')).certificate,
    firstClient,
    kafka: {
      plain: login('plain'),
      scram256: login('scram-sha-256'),
      scram512: login('scram-sha-512'),
      certificate: { KAFKA_BROKERS: addressOf('MTLS'), ...certificates('KAFKA') },
      token: {
        KAFKA_BROKERS: addressOf('TOKEN'),
        KAFKA_SSL_CA_FILE: paths.ca,
        KAFKA_SASL_MECHANISM: 'oauthbearer',
        KAFKA_SASL_OAUTH_EXTENSIONS: 'tenant=bakery',
        ...credentials('KAFKA_SASL'),
      },
    },
    schemas: {
      basic: { ...https, SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD_FILE: passwordFile },
      bearer: { ...https, SCHEMA_REGISTRY_BEARER_TOKEN: bearerToken },
      certificate: { ...https, ...certificates('SCHEMA_REGISTRY') },
      token: { ...https, ...credentials('SCHEMA_REGISTRY') },
    },
    async replaceCertificates() {
      const next = await createCertificateAuthority('Second CA')
      const [nextBroker, nextClient] = await Promise.all([next.issue('broker', local), next.issue('client')])
      await writeClient(next.certificate, nextClient)
      await files.write('broker.pem', keyAndCertificate(nextBroker))
      await files.write('broker-clients.pem', next.certificate)
      registry.replace(nextBroker)
      await platform.broker.kill('SIGTERM')
      await platform.broker.start()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
