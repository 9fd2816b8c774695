import { type ServiceName, serviceNames } from '../../deploy/local/stack/stack.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { isFull } from './guarantee-size.ts'
import type { RefusalSteps } from './refusal-steps.ts'

/** A service that writes a topic which the broker refuses. */
export type RefusalCase = {
  /** Makes the service write to the topic; resolves once what is due instead has happened. */
  refused: () => Promise<void>
  /** Resolves once nothing of it is missing, after the broker accepts the topic again. */
  accepted: () => Promise<void>
}

/** Webhooks by number: what their receiver answers, and how they are defined. */
export const webhook = { good: 0, retried: 1, parked: 2, gone: 3, refusing: 4, joining: 5 } as const
export const more = (n: number) =>
  n === webhook.parked
    ? ({ retryProfile: 'none', whenBlocked: 'park', maxInFlight: 50 } as const)
    : ({ retryProfile: 'extended', bufferSeconds: n === webhook.joining ? 1 : 0 } as const)

/** Attempts made before the one whose failure uses this delay topic (services/dispatcher/engine/gate/retry.ts). */
const attemptsBefore = { '1m': 3, '5m': 4, '30m': 5, '2h': 6, '5h': 7, '10h': 8 } as const
type Tier = keyof typeof attemptsBefore

/** Topics of records that can be sent through their topic again once they are dead letters `unreadable`. */
export const unreadTopics: Topic[] = Object.values<Topic>(topics).filter(
  ({ partitions, cleanup, name }) =>
    partitions === 'data' &&
    cleanup.policy === 'delete' &&
    name !== topics.webhookDeadLetters.name &&
    name !== topics.webhookTests.name &&
    name !== topics.webhookAlerts.name,
)

/**
 * `service/topic` -> what happens when the broker refuses records of that service in that topic.
 * @param since ISO 8601; records that could not be read were set aside after it.
 */
export function refusalCases(steps: RefusalSteps, since: string): Map<string, RefusalCase[]> {
  const { stack, receiver, businessId, webhookPaths } = steps.world
  const t = topics
  const cases = new Map<string, RefusalCase[]>()
  const add = (service: ServiceName, topic: Topic, made: RefusalCase) => {
    const key = `${service}/${topic.name}`
    cases.set(key, [...(cases.get(key) ?? []), made])
  }
  /** Records that are never given up: readiness names the topic while they wait, and they are written in the end. */
  const addWaiting = (service: ServiceName, topic: Topic, trigger: () => Promise<unknown>) => {
    let before = 0
    add(service, topic, {
      async refused() {
        before = await steps.count(topic)
        await trigger()
        await steps.until(`${service} is not ready because of ${topic.name}`, async () => {
          const answer = await fetch(`${stack.service(service).url}/readyz`)
          return answer.status === 503 && (await answer.text()).includes(steps.inTopic(topic))
        })
      },
      accepted: () => steps.until(`${topic.name} is written`, async () => (await steps.count(topic)) > before),
    })
  }
  /** Requests whose caller is told of the refusal, and can repeat them. */
  const addAnswered = (
    service: ServiceName,
    topic: Topic,
    [refusal, success]: [number, number],
    ask: () => Promise<number>,
  ) => {
    const answered = (status: number) => () =>
      steps.until(`${service} answers ${status} for ${topic.name}`, async () => (await ask()) === status)
    add(service, topic, { refused: answered(refusal), accepted: answered(success) })
  }
  /** Notifications that become dead letters with the refusal as their reason. @param offer resolves with an id. */
  const addBuried = (service: ServiceName, topic: Topic, offer: () => Promise<string>) =>
    add(service, topic, {
      async refused() {
        const id = await offer()
        await steps.buried(`a notification refused by ${topic.name}`, ({ reason, detail, delivery }) => {
          const isNamed = detail?.includes(`${steps.inTopic(topic)}:`) ?? false
          return reason === 'oversize' && isNamed && [delivery?.eventId, delivery?.deliveryId].includes(id)
        })
      },
      accepted: async () => {},
    })
  const failOnce = async () => {
    receiver.answer(`/${webhook.refusing}`, { kind: 'status', status: 400 })
    await steps.publishTo(webhook.refusing)
  }
  const define = (channel = steps.next('channel')) =>
    steps.call('post', `businesses/${businessId}/webhooks`, {
      name: 'Refused',
      url: `${receiver.url}/new`,
      channels: [channel],
      events: { userMessages: true },
    })
  /** Gives up a notification of a new webhook, which has had no alert yet. */
  const alert = async () => {
    receiver.answer('/new', { kind: 'status', status: 400 })
    const chatChannelId = steps.next('channel')
    await define(chatChannelId)
    await steps.post({ ...steps.event(webhook.good), chatChannelId })
  }

  addAnswered('producer', t.messageEvents, [413, 202], () => steps.post(steps.event(webhook.good)))
  addAnswered('producer', t.statusEvents, [413, 202], () => steps.post(statusOf(steps.event(webhook.good))))
  addBuried('formatter', t.webhookDeliveries, () => steps.publishTo(webhook.good))
  addWaiting('formatter', t.webhookDeadLetters, () => steps.spoil(t.messageEvents))
  for (const tier of Object.keys(attemptsBefore) as Tier[])
    addBuried('dispatcher', t[`webhookRetries${tier}`], () => {
      receiver.answer(`/${webhook.retried}`, { kind: 'status', status: 500 })
      return steps.offerTried(webhook.retried, attemptsBefore[tier])
    })
  addBuried('dispatcher', t.webhookParked, () => steps.publishTo(webhook.parked))
  addBuried('dispatcher', t.webhookReplays, () => steps.publishTo(webhook.joining))
  add('dispatcher', t.webhookConfig, switchOffCase(steps))
  add('dispatcher', t.webhookHealth, snapshotCase(steps, failOnce))
  addWaiting('dispatcher', t.webhookAttempts, () => steps.publishTo(webhook.good))
  addWaiting('dispatcher', t.webhookDeadLetters, failOnce)
  addWaiting('stats-aggregator', t.webhookStats, failOnce)
  addWaiting('stats-aggregator', t.webhookAlerts, alert)
  addWaiting('stats-aggregator', t.webhookDeadLetterCounts, failOnce)
  addWaiting('stats-aggregator', t.webhookDeadLetters, () => steps.spoil(t.webhookAttempts))
  addAnswered('admin', t.webhookConfig, [413, 201], () => define())
  addAnswered('admin', t.accountConfig, [413, 200], () =>
    steps.call('put', `businesses/${businessId}-other/account`, { webhooksEnabled: true }),
  )
  addWaiting('admin', t.webhookAudit, () => define())
  addAnswered('admin', t.webhookSessions, [503, 201], () => steps.login())
  addAnswered('admin', t.webhookReplays, [503, 202], () =>
    steps.call('post', `${webhookPaths[webhook.refusing]}/replay`, { deadLetters: true }),
  )
  addAnswered('admin', t.webhookTests, [413, 200], () => steps.call('post', `${webhookPaths[webhook.good]}/test`, {}))
  for (const topic of unreadTopics)
    addAnswered('admin', topic, [413, 200], () => steps.call('post', 'unread/replay', { topic: topic.name, since }))
  return cases
}

/** A webhook that answers 410 gets nothing more, although its definition cannot be switched off yet. */
function switchOffCase(steps: RefusalSteps): RefusalCase {
  const { receiver, admin, webhookPaths } = steps.world
  const path = `/${webhook.gone}`
  return {
    async refused() {
      receiver.answer(path, { kind: 'status', status: 410 })
      await steps.publishTo(webhook.gone)
      await steps.logged('dispatcher', 'Kafka refused to switch the definition off')
      const later = await steps.publishTo(webhook.gone)
      await steps.buried('a later notification', ({ delivery }) => delivery?.eventId === later)
      const requests = receiver.arrivals.filter((arrival) => arrival.path === path).length
      if (requests !== 1) throw new Error(`${requests} requests to a webhook that answered 410`)
    },
    // The record is written again after a minute.
    async accepted() {
      const read = () => admin.http(webhookPaths[webhook.gone] ?? '').json<{ enabled: boolean }>()
      if (isFull) await steps.until('the definition is switched off', async () => !(await read()).enabled)
    },
  }
}

/** A snapshot that is refused leaves the one before, and is written with a later one. */
function snapshotCase(steps: RefusalSteps, failOnce: () => Promise<void>): RefusalCase {
  let before = 0
  return {
    async refused() {
      before = await steps.count(topics.webhookHealth)
      await failOnce()
      await steps.logged('dispatcher', 'Kafka refused a snapshot')
    },
    accepted: () =>
      steps.until('a snapshot is written', async () => (await steps.count(topics.webhookHealth)) > before),
  }
}

function statusOf(event: ReturnType<RefusalSteps['event']>): object {
  const { businessId, chatPlatform, chatChannelId, contactId, customerId, eventId } = event
  const change = { status: 'delivered', statusChangeTime: '2026-03-01T12:00:00.000Z', messageId: 'm' }
  return { type: 'status', businessId, chatPlatform, chatChannelId, contactId, customerId, eventId, ...change }
}

/** `service/topic` for each topic that a service of ours writes, from the map of topics. */
export function writtenByOurs(): string[] {
  const ours: readonly string[] = serviceNames
  return Object.values<Topic>(topics).flatMap(({ name, writers }) =>
    writers.filter((writer) => ours.includes(writer)).map((writer) => `${writer}/${name}`),
  )
}
