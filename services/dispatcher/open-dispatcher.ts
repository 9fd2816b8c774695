import type { Registry } from '../platform/avro/registry.ts'
import type { KafkaAccess } from '../platform/kafka/access/kafka-access.ts'
import type { KeyRing } from '../platform/keyring.ts'
import { Dispatcher } from './dispatcher.ts'
import { type OpenHttp, openSender } from './http/open-sender.ts'
import { type DispatcherService, KafkaConnections } from './kafka-connections.ts'

export type DispatcherEdges = { keyRing: KeyRing; kafka: KafkaAccess; registry: Registry; openHttp: OpenHttp }

/** One instance of the dispatcher with everything that it has open. */
export type OpenDispatcher = AsyncDisposable & Pick<Dispatcher, 'drain'>

/** Resolves when the instance has joined its consumer group, however long that takes. */
export async function openDispatcher(
  service: DispatcherService,
  { keyRing, kafka, registry, openHttp }: DispatcherEdges,
): Promise<OpenDispatcher> {
  await using stack = new AsyncDisposableStack()
  const connections = stack.use(await KafkaConnections.open(service, keyRing, kafka, registry))
  const sender = stack.use(openSender(service, connections, keyRing, openHttp))
  const dispatcher = stack.use(await Dispatcher.open(service, connections, sender))
  const opened = stack.move()
  return { drain: () => dispatcher.drain(), [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
