import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { GroupMembership } from '../../platform/kafka/access/kafka-access.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import { GroupConsumer } from '../../platform/kafka/group/group-consumer.ts'
import type { MembershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { unreadReporter } from '../../platform/kafka/readers/table.ts'
import { describePosition } from '../../platform/kafka/readers/tail.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { AlertSender } from './alert-sender.ts'
import { AlertTaker, type AlertTakerEdges } from './alert-taker.ts'

export type AlertsDeps = {
  use: TopicUse
  codec: Codec
  /** Reader of webhook-alerts, among other topics. */
  reader: Pick<RangeReader, 'read'>
  sender: AlertSender
  /** Whether an SMTP server is configured. */
  mails: boolean
  membership: MembershipSettings
  fail: (error: unknown) => void
}

/** Concurrent alerts to URLs of businesses: slow URLs must not hold up the others. */
const postsAtOnce = 32
/** Concurrent mails through the operator's SMTP server: a kill repeats at most one mail. */
const mailsAtOnce = 1

/**
 * Sends on the records of webhook-alerts, by mail and to URLs. Mails and URLs each have a consumer group, shared by all
 * instances of admin, so that neither waits for the other and no instance needs to know what another has sent.
 */
export async function openAlerts(kafka: Kafka, deps: AlertsDeps, context: WaitContext): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const { sender, mails } = deps
  const ways = [
    { group: 'admin-alert-posts', atOnce: postsAtOnce, handle: (alert: WebhookAlert) => sender.postAll(alert) },
    { group: 'admin-alert-mails', atOnce: mailsAtOnce, handle: (alert: WebhookAlert) => sender.mail(alert) },
  ]
  for (const way of mails ? ways : ways.slice(0, 1)) stack.use(await openWay(kafka, deps, way, context))
  const opened = stack.move()
  return { [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function openWay(
  kafka: Kafka,
  { use, codec, reader, membership, fail }: AlertsDeps,
  { group, atOnce, handle }: Pick<AlertTakerEdges, 'atOnce' | 'handle'> & { group: string },
  context: WaitContext,
): Promise<GroupConsumer> {
  const topic = use.read(topics.webhookAlerts)
  let member: GroupMembership | undefined
  const decode = codec.decoder<WebhookAlert>(readSchema(topics.webhookAlerts))
  const taker = new AlertTaker({
    topic,
    decode,
    async readIds(partition, fromOffset, toOffset) {
      const ids: string[] = []
      const decoder = new OrderedDecoder(decode)
      await reader.read(topic, partition, fromOffset, toOffset, ({ value }) => {
        if (value)
          decoder.push(
            value,
            ({ alertId }) => ids.push(alertId),
            () => {},
          )
      })
      await decoder.done()
      return ids
    },
    handle,
    commit: async (assignment, commits) => (await member?.commit(assignment, commits)) ?? 'outdated',
    unread: (record, reason) => unreadReporter(record, describePosition(record), context)(reason),
    atOnce,
    clock: context.clock,
  })
  return GroupConsumer.open(
    kafka,
    {
      groupId: use.prefix + group,
      topics: [topic],
      ...membership,
      maxWaitMs: 1_000,
      onAssigned: (_assignment, consumer) => {
        member = consumer
      },
      onBatch: (batch) => taker.take(batch),
      fail,
    },
    context,
  )
}
