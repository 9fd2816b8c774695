import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { memoryVariables, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type MonitoredStack, minuteMs, scrapeIntervalMs } from './monitored-stack.ts'

/** Something that is wrong in a running stack, and the alerts that it fires. */
export type AlertFault = {
  what: string
  alerts: string[]
  /** Causes the fault until the signal comes, then ends it and resolves. */
  last(monitored: MonitoredStack, over: AbortSignal): Promise<void>
}

/** A channel whose webhook works, and channels whose webhooks' receivers fail. */
export const goodChannel = 'good-channel'
export const failingChannels = Array.from({ length: 20 }, (_unused, index) => `failing-channel-${index}`)

/** Error codes of Kafka. */
const tooFewReplicas = 19
const noPermission = 29

/** An attempt and its three quick retries are more than the 100 failures that open a breaker. */
const eventsToBlock = 40
const agedMs = 120_000
/** Records of the backlog: more than memory has room for and the allowed lag together. */
const backlogRecords = 2_000

const leak = fileURLToPath(new URL('memory-leak.mjs', import.meta.url))

/** Resolves when the signal comes. */
function ended(over: AbortSignal): Promise<void> {
  if (over.aborted) return Promise.resolve()
  return new Promise((resolve) => over.addEventListener('abort', () => resolve(), { once: true }))
}

async function repeat(over: AbortSignal, pauseMs: number, work: () => Promise<unknown>): Promise<void> {
  while (!over.aborted) {
    await work()
    await systemClock.sleep(pauseMs, over)
  }
}

const refused: AlertFault = {
  what: 'Kafka has too few replicas for message-events',
  alerts: ['HooklineEventsRefused'],
  async last({ refuse }, over) {
    const accept = refuse([topics.messageEvents], tooFewReplicas)
    await ended(over)
    accept()
  },
}

const setAside: AlertFault = {
  what: 'a record of message-events is not Avro',
  alerts: ['HooklineRecordsSetAside'],
  last: ({ write }) => write(topics.messageEvents, 'any', 'not Avro'),
}

const down: AlertFault = {
  what: 'the stats-aggregator hangs',
  alerts: ['HooklineServiceDown'],
  async last({ world }, over) {
    const service = world.stack.service('stats-aggregator')
    service.kill('SIGSTOP')
    await ended(over)
    service.kill('SIGCONT')
  },
}

const badDefinition: AlertFault = {
  what: 'a definition written by hand is no JSON',
  alerts: ['HooklineDefinitionsRefused'],
  async last({ write }, over) {
    const id = randomUUID()
    await write(topics.webhookConfig, id, '{"id":')
    await ended(over)
    await write(topics.webhookConfig, id, null)
  },
}

const failingReceivers: AlertFault = {
  what: 'the receivers of 20 of 21 webhooks answer 503',
  alerts: ['HooklineDeliveriesFailing', 'HooklineWebhooksBlocked'],
  /** One webhook after another, so that attempts fail for as long as it takes: nothing is sent to a blocked one. */
  async last({ publishAged }, over) {
    for (const channel of failingChannels) {
      if (over.aborted) return
      await publishAged(channel, eventsToBlock, 0)
      await systemClock.sleep(minuteMs, over)
    }
    await ended(over)
  },
}

const late: AlertFault = {
  what: 'a bot runtime publishes events that are two minutes old',
  alerts: ['HooklineDeliveriesLate'],
  last: ({ publishAged }, over) => repeat(over, 500, () => publishAged(goodChannel, 20, agedMs)),
}

const starved: AlertFault = {
  what: 'the producer gets no CPU for 1.9 s of 2 s',
  alerts: ['HooklineEventLoopSlow'],
  async last({ world }, over) {
    const service = world.stack.service('producer')
    await repeat(over, 100, async () => {
      service.kill('SIGSTOP')
      await systemClock.sleep(1_900)
      service.kill('SIGCONT')
    })
  },
}

const restarts: AlertFault = {
  what: 'admin is killed three times',
  alerts: ['HooklineRestarting'],
  async last({ world }) {
    const service = world.stack.service('admin')
    for (const _time of [1, 2, 3]) {
      service.kill('SIGKILL')
      await service.restarted()
      await systemClock.sleep(2 * scrapeIntervalMs)
    }
  },
}

const leaking: AlertFault = {
  what: 'the heap of admin is 92 % full',
  alerts: ['HooklineMemoryHigh'],
  async last({ world: { stack } }, over) {
    const service = stack.service('admin')
    const { NODE_OPTIONS: usual = '' } = withMemoryLimits({})
    const restart = async (nodeOptions: string) => {
      stack.setEnv({ NODE_OPTIONS: nodeOptions })
      service.kill('SIGKILL')
      await service.restarted()
    }
    await restart(`--max-old-space-size=256 ${memoryVariables.youngGeneration} --import=${leak}`)
    service.kill('SIGUSR2')
    await ended(over)
    await restart(usual)
  },
}

const unrecorded: AlertFault = {
  what: 'the dispatcher may not write its outcomes, and 2,000 notifications wait for it',
  alerts: ['HooklineNotReady', 'HooklineWaitingInKafka', 'HooklineLagHigh'],
  async last({ refuse, publishAged }, over) {
    const { webhookAttempts, webhookDeadLetters, webhookParked } = topics
    const accept = refuse([webhookAttempts, webhookDeadLetters, webhookParked], noPermission)
    await publishAged(goodChannel, backlogRecords, 0)
    await ended(over)
    accept()
  },
}

const registryAway: AlertFault = {
  what: 'the registry closes every connection',
  alerts: ['HooklineDependencyUnreachable'],
  async last({ registry }, over) {
    registry.set('refuse')
    await ended(over)
    registry.set('pass')
  },
}

/** Faults of a round last at the same time, since most of an alert's time is the wait for it. */
export const rounds: AlertFault[][] = [
  [failingReceivers, setAside, badDefinition, down, leaking],
  [late, starved, restarts],
  [unrecorded, refused, registryAway],
]

/** Faults whose alerts fire within seconds. */
export const quickRounds: AlertFault[][] = [[refused, setAside, down]]
