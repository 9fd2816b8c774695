import { openDefinitions } from '../definitions/config-tables.ts'
import { targetPolicy } from '../definitions/target-policy.ts'
import { Codec, createRegistry } from '../platform/avro/codec.ts'
import { createHttpServer } from '../platform/http/http-server.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { coPartitionAssigner } from '../platform/kafka/co-partition.ts'
import { fetchCommitted, fetchLogIds } from '../platform/kafka/committed.ts'
import { GroupConsumer, type RecordBatch } from '../platform/kafka/consumer.ts'
import { Patience } from '../platform/kafka/patience.ts'
import { BatchingProducer } from '../platform/kafka/produce/producer.ts'
import { Follower } from '../platform/kafka/readers/follower.ts'
import { RangeReader } from '../platform/kafka/readers/range-reader.ts'
import { KeyRing } from '../platform/keyring.ts'
import { RecordFaults } from '../platform/runtime/record-faults.ts'
import { listen, runService } from '../platform/runtime/service.ts'
import { after } from '../platform/runtime/timer.ts'
import { topics } from '../topics/map.ts'
import { TopicUse } from '../topics/topic-use.ts'
import { dispatcherConfig, limitsOf } from './config.ts'
import { Engine } from './engine/engine.ts'
import { Sender } from './http/deliver.ts'
import { HttpSender } from './http/http-sender.ts'
import { Assignments } from './intake/assignments.ts'
import { Freshness } from './intake/definition-freshness.ts'
import { DefinitionWait } from './intake/definition-wait.ts'
import { openChannels } from './intake/dispatcher-topics.ts'
import { DueTimes } from './intake/due-times.ts'
import { checkPartitions } from './intake/partition-check.ts'
import { Pauses } from './intake/partition-pauses.ts'
import { readDraft } from './intake/read-draft.ts'
import { takeBatch } from './intake/take-batch.ts'
import { createDispatcherMetrics } from './metrics.ts'
import { Committer } from './outcome/committer.ts'
import { logOutcome } from './outcome/outcome-log.ts'
import { recordOutcome } from './outcome/recorder.ts'
import { switchOff } from './outcome/switch-off.ts'
import { drainParked } from './takeover/parked-reader.ts'
import { HealthWriter } from './takeover/snapshot-writer.ts'
import { UnreadStates } from './takeover/unreadable-records.ts'

/**
 * Of one fetch: some 300 deliveries of one partition. More at once would be more of a quick webhook than its share of memory,
 * and so go by webhook-parked.
 */
const fetchBytes = 262_144
/** At 500 deliveries a second, each taken by itself would be a third of the dispatcher's and the broker's CPU. */
const recordLingerMs = 5

await runService('dispatcher', dispatcherConfig, async (service) => {
  const { config, log, clock, health, metrics, fail, stopping, stopRequested } = service
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const use = new TopicUse('dispatcher', prefix)
  const context = { log, clock, health, stopping }
  const { nowMs } = clock
  const keyRing = KeyRing.parse(config.HOOKLINE_KEY_RING)
  const policy = targetPolicy(config)
  health.set('definitions', 'not read to the end yet')

  await using _server = await listen(createHttpServer({ log, health, metrics }), config, log)
  const kafka = createKafka(config, log)
  const channels = await openChannels(new Codec(createRegistry(config), context), use)
  const { sources, deliveries, attempts, parked } = channels
  await checkPartitions(kafka, channels, context)
  const configTopic = use.write(topics.webhookConfig)
  const retryTopics = Object.values(channels.retries).map(({ topic }) => topic)
  const recorded = [attempts.topic, channels.deadLetters.topic, parked.topic, ...retryTopics]
  await using producer = await BatchingProducer.open(kafka, context, fail, {
    topics: [...recorded, channels.health.topic, configTopic],
    lingerMs: recordLingerMs,
  })
  const canRecord = () => producer.takes(recorded)
  const nameServers = config.HOOKLINE_DISPATCHER_NAME_SERVERS.split(',').filter((server) => server !== '')
  const mayStart = () => freshness.isFresh && canRecord()
  await using http = new HttpSender(clock, { ...policy, nameServers, mayStart })

  const sessionTimeoutMs = config.HOOKLINE_SESSION_TIMEOUT_MS
  const tableOptions = { use, fail }
  const definitions = await openDefinitions(kafka, { ...tableOptions, keys: keyRing }, context)
  await using _definitionsTopic = definitions.topic
  health.set('definitions', null)
  const readerTopics = [channels.health.topic, attempts.topic, parked.topic, channels.replays]
  const known = await fetchLogIds(kafka, readerTopics, context)
  const logIds = {
    attemptsLogId: known.get(attempts.topic) ?? null,
    parkedLogId: known.get(parked.topic) ?? null,
  }
  const readerOptions = {
    topics: readerTopics,
    logIds: known,
    groupPrefix: `${prefix}dispatcher-state`,
    sessionTimeoutMs,
    fail,
  }
  await using reader = await RangeReader.open(kafka, readerOptions, context)

  const caughtUp = () => definitions.topic.caughtUp()
  // As caughtUp, but over one connection that stays open: it is asked every second.
  const caughtUpQuickly = async () => {
    for (const { partition, low, high } of await reader.ends(configTopic))
      if (high > low) await definitions.topic.reached(partition, high)
  }
  using freshness = new Freshness(clock, caughtUpQuickly, (error) => stopping.aborted || fail(error))
  const sender = new Sender({ http, keyRing, policy, clock, log, freshness, canRecord })
  const send = producer.send.bind(producer)
  const recorder = { ...channels, producer, nowMs }
  const current = (webhookId: string) => definitions.table.get(webhookId)
  const switchOffContext = { topic: configTopic, caughtUp, current, send, clock, stopping, log }
  const faults = new RecordFaults({ clock, log, fail })
  const quietTopics = [...sources.keys()].filter((topic) => topic !== deliveries)
  const fetching = (topic: string) => (topic === deliveries ? consumer : follower)
  const pauses = new Pauses(fetching, after)
  const counted = createDispatcherMetrics([metrics], () => engine)
  const unread = new UnreadStates({
    log,
    nowMs,
    write: (partition, deadLetter) => recordOutcome(partition, { deadLetter }, recorder, () => undefined),
  })
  const unreadable = unread.bury.bind(unread)
  const engine = new Engine(
    {
      nowMs,
      monotonicMs: clock.monotonicMs,
      random: clock.random,
      definition: current,
      readDraft,
      send: sender.send.bind(sender),
      record: (partition, records, acknowledged) => {
        counted.recorded(records)
        logOutcome(log, records)
        const ownership = healthWriter.ownership(partition)
        recordOutcome(partition, records, recorder, (written) => {
          healthWriter.acknowledged(ownership, written)
          acknowledged(written)
        })
      },
      // What is being read when it stops is read by a successor.
      readParked: drainParked(reader, parked, unreadable, (error) => stopping.aborted || fail(error)),
      after,
      faults,
      fail,
      disable: (entry, reason) => void switchOff(entry, reason, switchOffContext).catch(fail),
      onRoom: () => pauses.room(),
    },
    limitsOf(config, channels),
  )
  const healthWriter = new HealthWriter({ engine, ...channels.health, send, reader, logIds, nowMs, log })
  const groupId = `${prefix}dispatcher`
  const assignments = new Assignments({
    engine,
    health: healthWriter,
    takeover: {
      reader,
      ...channels,
      unreadable,
      logIds,
      lostParked: (partition, webhookIds) =>
        log.error(
          { topic: parked.topic, partition, webhookIds },
          'webhook-parked was made anew: what was parked is gone',
        ),
      nowMs,
    },
    committed: () => fetchCommitted(kafka, groupId, [...sources.keys()], context),
    quietTopics,
    follow: (positions) => follower.follow(positions),
    nowMs,
    log,
    fail,
  })
  const intake = {
    engine,
    faults,
    sources,
    testsTopic: channels.tests,
    replaysTopic: channels.replays,
    takingOver: assignments.takingOver.bind(assignments),
    definitions: new DefinitionWait({ topic: definitions.topic, clock }),
    patience: new Patience({
      clock,
      stopping,
      pause: (topic, partition) => fetching(topic).pause(topic, partition),
      resume: (topic, partition) => fetching(topic).resume(topic, partition),
    }),
    nowMs,
    roomSoon: pauses.roomSoon.bind(pauses),
    pauseForRoom: pauses.forRoom.bind(pauses),
    dueTimes: new DueTimes(clock),
    longestWaitMs: channels.longestWaitMs,
    pauseFor: pauses.untilDue.bind(pauses),
    unreadable: (place: object, reason: string) => log.error({ ...place, reason }, 'record is not readable'),
  }
  const onBatch = (batch: RecordBatch) => {
    counted.lag(batch)
    return takeBatch(batch, intake)
  }
  // Delay topics, replays and tests: of the same assignment, and committed with it, but fetched apart.
  const follower: Follower = await Follower.open(
    kafka,
    {
      topics: quietTopics,
      groupPrefix: `${prefix}dispatcher-quiet`,
      sessionTimeoutMs,
      maxWaitMs: 1_000,
      onBatch: (batch) => onBatch({ ...batch, assignment: consumer.assignment }),
      fail,
    },
    context,
  )
  await using _follower = follower
  const consumer: GroupConsumer = await GroupConsumer.open(
    kafka,
    {
      groupId,
      topics: [...sources.keys()],
      sessionTimeoutMs,
      maxWaitMs: 1_000,
      maxBytes: fetchBytes,
      assigner: coPartitionAssigner,
      fail,
      onAssigned: (assignment, self) => {
        for (const topic of quietTopics)
          for (const partition of assignment.partitions.get(topic) ?? []) self.pause(topic, partition)
        pauses.forget()
        counted.forgetLag()
        assignments.assigned(assignment)
      },
      onStart: ({ offset, ...start }) => counted.lag({ ...start, nextOffset: offset }),
      onBatch,
    },
    context,
  )
  await using _consumer = consumer
  const intervals = {
    commitMs: config.HOOKLINE_DISPATCHER_COMMIT_INTERVAL_MS,
    healthMs: config.HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS,
  }
  await using committer = new Committer({ engine, consumer, health: healthWriter, intervals, log, fail })

  await stopRequested
  await engine.drain()
  await committer.finish()
})
