import { createRequire } from 'node:module'
import { withParsedBrokers } from '../broker-list.ts'
import { tryEverySeed } from './bootstrap.ts'
import { askBrokersThatAnswer, askEveryBroker } from './broker-loss.ts'
import { compressionCodecs } from './compression.ts'
import { adviseOnClosing, adviseOnRefusals } from './connection-advice.ts'
import { metadataRequest, metadataResponse } from './protocols/metadata-protocol.ts'
import { metadataWithTopicIds } from './protocols/topic-id-protocol.ts'
import { calmRequestQueues } from './request-queue.ts'

/**
 * The only module that may load kafkajs 2.2.4 (no release since 2023). It installs our patches; each imported file
 * describes the defect that it fixes. Files whose exports kafkajs captures at load time are replaced before kafkajs is
 * loaded.
 */
const require = createRequire(import.meta.url)
/** Marks the exports of kafkajs once its parts are replaced. */
const isPatched = Symbol.for('hookline.kafkajs')

const loaded = require.cache[require.resolve('kafkajs')]
if (loaded && !(isPatched in (loaded.exports as object)))
  throw new Error(
    'kafkajs was loaded before services/platform/kafka/kafkajs-patches/kafkajs.ts could replace its parts',
  )
// A test runner evaluates this file once per test file, but loads kafkajs once.
if (!loaded) {
  replace('protocol/requests/metadata/v6/request', metadataRequest)
  replace('protocol/requests/metadata/v6/response', metadataResponse)
  replace('protocol/requests/metadata/index', metadataWithTopicIds)
  // Before the connection, which captures it.
  replace('broker/saslAuthenticator/index', adviseOnRefusals)
  replace('network/connection', adviseOnClosing)
  replace('cluster/connectionPoolBuilder', withParsedBrokers)
}
calmRequestQueues()
tryEverySeed()
askBrokersThatAnswer()
askEveryBroker()
const kafkajs = require('kafkajs') as typeof import('kafkajs')
Object.assign(kafkajs, { [isPatched]: true })
for (const [name, codec] of Object.entries(compressionCodecs))
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes[name as keyof typeof compressionCodecs]] = () => codec

export const {
  ConfigResourceTypes,
  Kafka,
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  logLevel,
  PartitionAssigners,
  Partitioners,
} = kafkajs

function replace<T>(file: string, by: (original: T) => unknown): void {
  const name = `kafkajs/src/${file}.js`
  const original = require(name) as T
  const module = require.cache[require.resolve(name)]
  if (module) module.exports = by(original)
}
