import { once } from 'node:events'
import { createServer } from 'node:net'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { toConfig } from '../../../../services/platform/kafka/admin-client.ts'
import { createKafka } from '../../../../services/platform/kafka/client.ts'

function configOf(brokers: string) {
  return toConfig(createKafka({ KAFKA_BROKERS: brokers, KAFKA_CLIENT_ID: 'test' }, pino({ level: 'silent' })))
}

test('administration connects to a broker at an IPv6 address, which kafkajs cannot read', async (context) => {
  const server = createServer((socket) => socket.end())
  server.listen(0, '::1')
  const listens = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ])
  const address = server.address()
  if (!listens || typeof address !== 'object' || !address) return context.skip('this machine has no IPv6')
  const { brokers, socketFactory } = configOf(`[::1]:${address.port}`)
  const [broker = ''] = brokers as string[]
  const [host = '', port] = broker.split(':')
  const connected = Promise.withResolvers<void>()
  socketFactory?.({ host, port: Number(port), ssl: {}, onConnect: () => connected.resolve() })
  await connected.promise
  server.close()
})

test('administration asks the brokers in the order in which our own connections would', () => {
  expect(configOf('first:9092, second:9093').brokers).toEqual(['first:9092', 'second:9093'])
})
