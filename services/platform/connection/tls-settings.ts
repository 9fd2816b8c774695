import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ConfigError } from '../config/config.ts'
import { currentText, shownVariable } from '../config/file-variables.ts'

/** Variables of a TLS connection after their prefix; the values are PEM texts. */
const names = { ca: 'CA', cert: 'CERTIFICATE', key: 'KEY', passphrase: 'KEY_PASSPHRASE' } as const

/** Values as tls.connect and got take them. Those that are not set are left out. */
export type TlsMaterial = Partial<Record<keyof typeof names, string>>

type Loaded = { material: TlsMaterial; context: SecureContext }

/** The part of a log that a connection writes to. */
export type WarningLog = { warn(line: object, message: string): void }

/**
 * CA, client certificate and key of a connection. Files are read again for each new connection, so that it uses a
 * replaced certificate. What cannot be used, such as a new certificate beside the old key while both are being
 * replaced, is logged, and the last usable ones stay in use.
 */
export class TlsSettings {
  readonly #config: object
  readonly #prefix: string
  readonly #log: WarningLog | undefined
  #loaded: Loaded
  #warned = ''

  /**
   * @param prefix of the variables, such as KAFKA_SSL_.
   * @throws ConfigError naming the variables that do not work.
   */
  constructor(config: object, prefix: string, log?: WarningLog) {
    this.#config = config
    this.#prefix = prefix
    this.#log = log
    this.#loaded = this.#load()
  }

  get isEmpty(): boolean {
    return Object.keys(this.#loaded.material).length === 0
  }

  get hasCa(): boolean {
    return this.#loaded.material.ca !== undefined
  }

  get hasCertificate(): boolean {
    return this.#loaded.material.cert !== undefined
  }

  /** Name that the server's certificate must contain instead of the host of the connection; may be empty. */
  get serverName(): string {
    return currentText(this.#config, `${this.#prefix}SERVER_NAME`)
  }

  /** For tls.connect. */
  context(): SecureContext {
    return this.#current().context
  }

  material(): TlsMaterial {
    return this.#current().material
  }

  #current(): Loaded {
    try {
      this.#loaded = this.#load()
      this.#warned = ''
    } catch (error) {
      const reason = (error as Error).message
      if (reason !== this.#warned) this.#log?.warn({ reason }, 'certificates cannot be used; the last ones stay in use')
      this.#warned = reason
    }
    return this.#loaded
  }

  #load(): Loaded {
    const material: TlsMaterial = {}
    for (const [option, name] of Object.entries(names) as [keyof TlsMaterial, string][]) {
      const text = currentText(this.#config, this.#prefix + name)
      if (text !== '') material[option] = text
    }
    if (JSON.stringify(material) === JSON.stringify(this.#loaded?.material)) return this.#loaded
    for (const option of ['ca', 'cert'] as const) this.#checkCertificates(option, material[option])
    try {
      return { material, context: createSecureContext(material) }
    } catch (error) {
      throw new ConfigError(
        `${this.#shown('KEY')} does not work with ${this.#shown('CERTIFICATE')}: ${reasonOf(error)}`,
      )
    }
  }

  /** createSecureContext ignores what is not a certificate. */
  #checkCertificates(option: 'ca' | 'cert', text: string | undefined): void {
    if (text === undefined) return
    const certificates = text.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? []
    if (certificates.length === 0) throw new ConfigError(`${this.#shown(names[option])} holds no certificate`)
    for (const pem of certificates) {
      try {
        new X509Certificate(pem)
      } catch (error) {
        throw new ConfigError(`${this.#shown(names[option])} holds a damaged certificate: ${reasonOf(error)}`)
      }
    }
  }

  #shown(name: string): string {
    return shownVariable(this.#config, this.#prefix + name)
  }
}

/** OpenSSL's message without its file and line: "key values mismatch", "bad decrypt". */
function reasonOf(error: unknown): string {
  return (error as Error).message.split(':').at(-1)?.trim() ?? ''
}
