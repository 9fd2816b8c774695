import { openDefinitions } from '../config-tables.ts'
import type { Attempt, DeadLetter, Delivery } from '../domain/delivery.ts'
import { Codec, createRegistry } from '../platform/codec.ts'
import { createHttpServer } from '../platform/http-server.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { GroupConsumer } from '../platform/kafka/consumer.ts'
import { BatchingProducer } from '../platform/kafka/producer.ts'
import { KeyRing } from '../platform/keyring.ts'
import { listen, runService } from '../platform/service.ts'
import { schemaOf, subjectOf, topicName } from '../schemas.ts'
import { targetPolicy } from '../target-policy.ts'
import { topics } from '../topics.ts'
import { Committer } from './committer.ts'
import { dispatcherConfig } from './config.ts'
import { Engine } from './engine.ts'
import { HttpSender } from './http.ts'
import { takeBatch } from './intake.ts'
import { createDispatcherMetrics } from './metrics.ts'
import { logOutcome } from './outcome-log.ts'
import { recordOutcome } from './recorder.ts'
import { Sender } from './send.ts'

await runService('dispatcher', dispatcherConfig, async (service) => {
  const { config, log, clock, health, metrics, fail, stopping, stopRequested } = service
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const context = { log, clock, health, stopping }
  const keyRing = KeyRing.parse(config.HOOKLINE_KEY_RING)
  const policy = targetPolicy(config)
  health.set('definitions', 'not read to the end yet')

  await using _server = await listen(createHttpServer({ log, health, metrics }), config, log)
  const kafka = createKafka(config, log)
  const codec = new Codec(createRegistry(config), context)
  await using producer = await BatchingProducer.open(kafka, context, fail)
  await using http = new HttpSender(clock, policy)

  const sessionTimeoutMs = config.HOOKLINE_SESSION_TIMEOUT_MS
  const tableOptions = { prefix, service: 'dispatcher', sessionTimeoutMs, fail }
  const definitions = await openDefinitions(kafka, tableOptions, context)
  await using _definitionsTopic = definitions.topic
  health.set('definitions', null)

  const sender = new Sender({ http, keyRing, policy, clock, log })
  const recorder = {
    send: producer.send.bind(producer),
    attempts: {
      topic: topicName(topics.webhookAttempts, prefix),
      encode: await codec.encoder<Attempt>(subjectOf(topics.webhookAttempts, prefix), schemaOf(topics.webhookAttempts)),
    },
    deadLetters: {
      topic: topicName(topics.webhookDeadLetters, prefix),
      encode: await codec.encoder<DeadLetter>(
        subjectOf(topics.webhookDeadLetters, prefix),
        schemaOf(topics.webhookDeadLetters),
      ),
    },
    fail,
  }
  const counted = createDispatcherMetrics([metrics], () => engine)
  const paused = new Set<number>()
  const engine = new Engine(
    {
      nowMs: clock.nowMs,
      random: clock.random,
      definition: (id) => definitions.table.get(id)?.definition,
      send: (delivery, attempt, definition, ended) => sender.send(delivery, attempt, definition, ended),
      record: (partition, records, acknowledged) => {
        counted.recorded(records)
        logOutcome(log, records)
        recordOutcome(partition, records, recorder, acknowledged)
      },
      after: (delayMs, due) => {
        const timer = setTimeout(due, delayMs)
        return { cancel: () => clearTimeout(timer) }
      },
      onRoom: () => {
        for (const partition of paused) consumer.resume(deliveriesTopic, partition)
        paused.clear()
      },
    },
    {
      maxInFlight: config.HOOKLINE_DISPATCHER_MAX_IN_FLIGHT,
      maxHeld: config.HOOKLINE_DISPATCHER_MAX_HELD,
      maxHeldBytes: config.HOOKLINE_DISPATCHER_MAX_HELD_BYTES,
      recentIds: config.HOOKLINE_DISPATCHER_RECENT_IDS,
    },
  )

  const deliveriesTopic = topicName(topics.webhookDeliveries, prefix)
  const intake = {
    engine,
    decode: codec.decoder<Delivery>(schemaOf(topics.webhookDeliveries)),
    definitionsReached: (offset: number) => definitions.topic.reached(0, offset),
    definitionsPosition: () => definitions.topic.position(0),
    nowMs: clock.nowMs,
    pause: (topic: string, partition: number) => {
      paused.add(partition)
      consumer.pause(topic, partition)
    },
    unreadable: (place: object, reason: string) => log.error({ ...place, reason }, 'record is not readable'),
  }
  const consumer: GroupConsumer = await GroupConsumer.open(
    kafka,
    {
      groupId: `${prefix}dispatcher`,
      topics: [deliveriesTopic],
      sessionTimeoutMs,
      maxWaitMs: 250,
      fail,
      onAssigned: (assignment) => {
        paused.clear()
        engine.assign(assignment)
      },
      onBatch: (batch) => {
        counted.lag(batch.partition, batch.highWatermark - (batch.records.at(-1)?.offset ?? batch.highWatermark) - 1)
        return takeBatch(batch, intake)
      },
    },
    context,
  )
  await using _consumer = consumer
  await using committer = new Committer(engine, consumer, config.HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS, log)

  await stopRequested
  await engine.drain()
  await committer.commit()
})
