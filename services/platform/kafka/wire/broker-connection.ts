import {
  type Callback,
  Connection,
  type ConnectionOptions,
  type ResponseParser,
  type SASLOptions,
  type Writer,
} from '@platformatic/kafka'
import { plainTlsMessage } from '../../connection/tls-faults.ts'
import type { BrokerAddress } from '../broker-list.ts'
import type { Adviser } from '../security/advice.ts'
import { clientPrefix, KafkaFault, listCauses } from './kafka-fault.ts'

/** How connections are secured, and what can be done when they fail. */
export type ClusterSecurity = {
  /** Called for each new connection, so that it uses a replaced certificate; null without TLS. */
  tls: ((address: BrokerAddress) => NonNullable<ConnectionOptions['tls']>) | null
  sasl?: SASLOptions | undefined
  adviser: Adviser
}

/** Limit of connecting; with TLS, of each step of the handshake. */
const connectMs = 3_000
/** Limit of a whole connection with SASL, whose tokens may come from a server. */
const loginMs = 10_000
const keepAliveMs = 60_000
/** Kafka's keys of the requests that a connection begins with, and repeats when its session ends. */
const openingKeys = { saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const
const opening: readonly number[] = Object.values(openingKeys)
/** Kafka's errors of a login, by which it refuses who the client is. */
const refusedLogins = ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE']

/**
 * A connection to one broker. Every failure becomes a KafkaFault that names the broker, the cause and what can be done.
 * While the connection authenticates again (KIP-368), its other requests wait: a broker closes the connection on a
 * request in the middle of that, which the client's own class would send. An idle connection does not keep the process
 * running.
 */
export class BrokerConnection extends Connection {
  readonly #address: BrokerAddress
  readonly #security: ClusterSecurity | undefined
  readonly #requestMs: number
  /** Whether the broker has answered a request that needs a login, if there is one. */
  #hasAnswered = false
  #firstError: Error | undefined
  /** Requests that wait while the connection authenticates again; null while it does not. */
  #held: (() => void)[] | null = null

  constructor(clientId: string, address: BrokerAddress, security: ClusterSecurity | undefined, requestMs: number) {
    const { tls, sasl } = security ?? {}
    super(clientId, {
      connectTimeout: sasl ? loginMs : connectMs,
      requestTimeout: requestMs,
      ...(tls && { tls: tls(address) }),
      ...(sasl && { sasl }),
    })
    this.#address = address
    this.#security = security
    this.#requestMs = requestMs
    this.on('error', (error) => {
      this.#firstError ??= error
      this.socket?.destroy()
      this.#release()
    })
    // The client's close would wait until a broker that hangs has taken what was written.
    this.on('closing', () => this.socket?.destroy())
    this.on('close', () => this.#release())
    this.on('sasl:authentication:extended', () => this.#release())
  }

  /** Resolves once requests can be sent. @throws KafkaFault. */
  async open(): Promise<this> {
    const { host, port } = this.#address
    try {
      const connecting = this.connect(host, port)
      this.socket.setTimeout(connectMs)
      this.socket.setKeepAlive(true, keepAliveMs)
      await connecting
    } catch (error) {
      this.socket?.destroy()
      throw this.#toFault(error as Error)
    }
    this.socket.unref()
    return this
  }

  override reauthenticate(): void {
    if (!this.isConnected()) return
    this.#held = []
    super.reauthenticate()
  }

  override send<T>(
    key: number,
    version: number,
    payload: () => Promise<Writer> | Writer,
    parse: ResponseParser<T>,
    requestTags: boolean,
    answerTags: boolean,
    callback: Callback<T>,
  ): void {
    const isOpening = opening.includes(key)
    const send = () =>
      super.send(key, version, payload, parse, requestTags, answerTags, (error, answer) => {
        if (!error) this.#hasAnswered ||= !isOpening
        callback(error && this.#toFault(error), answer)
      })
    if (this.#held && !isOpening) this.#held.push(send)
    else send()
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const send of held) send()
  }

  /** Errors that are answers, or bugs, are returned as they are. */
  #toFault(error: Error): Error {
    const causes = listCauses(error)
    const known = causes.find((cause) => cause instanceof KafkaFault)
    if (known) return known
    const { code = '' } = error as { code?: string }
    if (code === answerCode || !code.startsWith(clientPrefix)) return error
    const adviser = this.#security?.adviser
    const refusal = causes.find(({ apiId = '' }) => refusedLogins.includes(apiId))
    if (refusal) {
      const message = `SASL authentication failed: ${refusal.serverErrorMessage || refusal.message}`
      return this.#fault(
        'login',
        refusal.apiId ?? null,
        message,
        adviser?.onSaslError({ message, type: refusal.apiId }),
      )
    }
    const { message } = causes.find((cause) => cause.code === loginCode && !cause.cause) ?? {}
    if (message !== undefined) return this.#fault('login', null, message, adviser?.onSaslError({ message }))
    const socketErrors = [...causes, ...listCauses(this.#firstError)].filter(
      (cause) => cause.code !== undefined && !cause.code.startsWith(clientPrefix),
    )
    const [first] = socketErrors
    if (first) return this.#fault('connection', null, plainTlsMessage(first.message), adviser?.onSocketError(first))
    const why = causes.at(-1)?.message ?? ''
    if (/timed out/.test(why)) return this.#fault('connection', null, this.#lateness(), null)
    return this.#fault('connection', null, why, adviser?.onClosed(this.#hasAnswered))
  }

  #lateness(): string {
    return this.#hasAnswered || this.status === 'closing'
      ? `no answer within ${this.#requestMs} ms`
      : `not connected within ${this.#security?.sasl ? loginMs : connectMs} ms`
  }

  #fault(kind: 'connection' | 'login', type: string | null, message: string, advice: string | null | undefined) {
    const { host, port } = this.#address
    const broker = `broker ${host}:${port}`
    return new KafkaFault(kind, type, advice ? `${message} (${broker}: ${advice})` : `${broker}: ${message}`)
  }
}

/** The client's codes of an answer with errors, and of a refused login. */
const answerCode = `${clientPrefix}RESPONSE`
const loginCode = `${clientPrefix}AUTHENTICATION`
