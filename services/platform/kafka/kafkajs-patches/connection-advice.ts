import { tlsFaultOf } from '../../connection/tls-faults.ts'
import type { Adviser } from '../security/advice.ts'

/** What the classes below know of their client; they find it by its socket factory. */
type ClientState = {
  adviser: Adviser
  /** Number of bootstrap brokers. */
  brokers: number
  /** Whether a broker has ever answered a request for metadata. */
  wasConnected: boolean
  /** Number of connections that have failed for a reason that waiting does not change. */
  failures: number
}

/** The parts of kafkajs' Connection that are used here. */
type Connection = {
  readonly broker: string
  readonly socketFactory: object
  /** Number of the next request. */
  readonly correlationId: number
  connect(): Promise<boolean>
  send(call: { request: { apiKey: number } }): Promise<unknown>
  rejectRequests(error: Error): void
}
type ConnectionClass = new (options: object) => Connection

type Authenticator = { readonly connection: Connection; authenticate(): Promise<void> }
type AuthenticatorClass = new (connection: Connection, ...others: unknown[]) => Authenticator

const metadataApiKey = 3
/** A client asks for the API versions, and then for what needs authentication. */
const openingRequests = 2
const clients = new WeakMap<object, ClientState>()

export function registerAdviser(socketFactory: object, adviser: Adviser, brokers: number): void {
  clients.set(socketFactory, { adviser, brokers, wasConnected: false, failures: 0 })
}

/**
 * Says what a closed connection may mean. kafkajs 2.2.4 only says "Closed connection" when a broker hangs up on a
 * client that speaks no TLS or does not authenticate.
 */
export function adviseOnClosing(ofKafkajs: ConnectionClass): ConnectionClass {
  return class extends ofKafkajs {
    #requestsBefore = 0

    override connect(): Promise<boolean> {
      this.#requestsBefore = this.correlationId
      return super.connect()
    }

    override async send(call: { request: { apiKey: number } }): Promise<unknown> {
      const answer = await super.send(call)
      const client = clients.get(this.socketFactory)
      if (client && call.request.apiKey === metadataApiKey) client.wasConnected = true
      return answer
    }

    override rejectRequests(error: Error): void {
      const client = clients.get(this.socketFactory)
      if (client && error.name === 'KafkaJSConnectionClosedError') {
        const advice = client.adviser.onClosed(this.correlationId - this.#requestsBefore > openingRequests)
        addAdvice(error, this.broker, advice)
        if (advice !== null) endRetries(error, client)
      } else if (client && tlsFaultOf(error) !== null) endRetries(error, client)
      super.rejectRequests(error)
    }
  }
}

/** Says which broker refuses to authenticate this client, and which settings to check. */
export function adviseOnRefusals(ofKafkajs: AuthenticatorClass): AuthenticatorClass {
  return class extends ofKafkajs {
    override async authenticate(): Promise<void> {
      try {
        await super.authenticate()
      } catch (error) {
        const client = clients.get(this.connection.socketFactory)
        if (client && error instanceof Error) {
          addAdvice(error, this.connection.broker, client.adviser.onSaslError(error))
          endRetries(error, client)
        }
        throw error
      }
    }
  }
}

function addAdvice(error: Error, broker: string, advice: string | null): void {
  if (advice !== null) error.message += ` (broker ${broker}: ${advice})`
}

/**
 * Ends kafkajs' five retries, which take ten seconds, when every bootstrap broker has failed for a reason that waiting
 * does not change. Services continue to try, and commands end with the reason. A client that has been connected before
 * is patient instead, also with a refused login, which ends a process otherwise: the broker may be starting, and its
 * passwords or certificates may be in the middle of a replacement.
 */
function endRetries(error: Error, client: ClientState): void {
  if (client.wasConnected) return void Object.assign(error, { retriable: true })
  client.failures++
  if (client.failures < client.brokers) return
  client.failures = 0
  Object.assign(error, { retriable: false })
}
