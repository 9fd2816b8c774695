import type { KeyRing } from '../../platform/keyring.ts'
import { readProxyAddress } from '../../targets/egress-proxy.ts'
import { targetPolicy } from '../../targets/target-exceptions.ts'
import { DefinitionFreshness } from '../intake/definition-freshness.ts'
import type { DispatcherService, KafkaConnections } from '../kafka-connections.ts'
import { Sender } from './deliver.ts'
import type { HttpClient, HttpSenderOptions } from './http-sender.ts'
import { EndpointTokens } from './token/endpoint-tokens.ts'
import { tokenRequester } from './token/token-request.ts'
import { traceSends } from './traced-send.ts'

/** The sender of notifications with its connections. It sends only while the definitions are fresh and Kafka takes outcomes. */
export type OpenSender = AsyncDisposable & Pick<Sender, 'send'> & { mayStart: () => boolean }

export type OpenHttp = (options: HttpSenderOptions) => AsyncDisposable & HttpClient

export function openSender(
  { config, clock, log, tracing, fail }: DispatcherService,
  kafka: KafkaConnections,
  keyRing: KeyRing,
  openHttp: OpenHttp,
): OpenSender {
  const opened = new AsyncDisposableStack()
  const freshness = opened.use(new DefinitionFreshness(clock, () => kafka.readDefinitionsToTheEnd(), fail))
  const policy = targetPolicy(config)
  const nameServers = config.HOOKLINE_DISPATCHER_NAME_SERVERS.split(',').filter((server) => server !== '')
  const mayStart = () => freshness.isFresh && kafka.canRecord()
  const proxy = readProxyAddress(config)
  const http = opened.use(openHttp({ ...policy, nameServers, mayStart, proxy }))
  const tokens = new EndpointTokens(tokenRequester(http.openSocket, clock), clock)
  const sender = new Sender({
    http,
    tokens,
    keyRing,
    policy,
    clock,
    log,
    freshness,
    canRecord: () => kafka.canRecord(),
  })
  const send = sender.send.bind(sender)
  return {
    mayStart,
    send: tracing ? traceSends(send, tracing, clock.nowMs) : send,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
