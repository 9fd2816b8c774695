import type { WebhookAlert } from '../../domain/stats/alert.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { GroupMembership } from '../../platform/kafka/access/kafka-access.ts'
import { GroupConsumer } from '../../platform/kafka/group/group-consumer.ts'
import { membershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import { unreadReporter } from '../../platform/kafka/readers/table.ts'
import { describePosition } from '../../platform/kafka/readers/tail.ts'
import { EgressProxy, readProxyAddress } from '../../targets/egress-proxy.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { AdminKafka, AdminService } from '../admin-kafka.ts'
import { mailSender } from './alert-mail.ts'
import { postAlert } from './alert-post.ts'
import { AlertSender, type AlertSenderDeps } from './alert-sender.ts'
import { AlertTaker, type AlertTakerEdges } from './alert-taker.ts'
import { TestAlerts } from './test-alerts.ts'

/** Concurrent alerts to URLs of businesses: slow URLs must not hold up the others. */
const postsAtOnce = 32
/** Concurrent mails through the operator's SMTP server: a kill repeats at most one mail. */
const mailsAtOnce = 1

/**
 * Sends on the records of webhook-alerts, by mail and to URLs. Mails and URLs each have a consumer group, shared by all
 * instances of admin, so that neither waits for the other and no instance needs to know what another has sent.
 */
export async function openAlerts(
  service: AdminService,
  kafka: AdminKafka,
  deps: Pick<AlertSenderDeps, 'keys' | 'policy' | 'metrics'>,
): Promise<AsyncDisposable & { tests: TestAlerts }> {
  const { config, clock, log, stopping } = service
  const { store, accounts } = kafka
  const language = config.HOOKLINE_ALERT_LANGUAGE
  const smtpUrl = config.HOOKLINE_SMTP_URL
  const sendMail = smtpUrl === '' ? null : mailSender(smtpUrl, config.HOOKLINE_SMTP_FROM)
  const proxyAddress = readProxyAddress(config)
  const proxy = proxyAddress && new EgressProxy(proxyAddress, clock.monotonicMs)
  const post: AlertSenderDeps['post'] = (alert, targets) => postAlert(alert, targets, proxy)
  const publicUrl = config.HOOKLINE_PUBLIC_URL
  const sender = new AlertSender({
    ...deps,
    store,
    accounts,
    caughtUp: async () => void (await Promise.all([store.caughtUp(), accounts.caughtUp()])),
    language,
    publicUrl,
    sendMail,
    post,
    clock,
    log,
    stopping,
  })

  await using stack = new AsyncDisposableStack()
  stack.use(await openWay(service, kafka, posts(sender)))
  if (sendMail) stack.use(await openWay(service, kafka, mails(sender)))
  const opened = stack.move()
  const tests = new TestAlerts({ sender, sendMail, language, clock })
  return { tests, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

type Way = Pick<AlertTakerEdges, 'atOnce' | 'handle'> & { group: string }

function posts(sender: AlertSender): Way {
  return { group: 'admin-alert-posts', atOnce: postsAtOnce, handle: (alert) => sender.postAll(alert) }
}

function mails(sender: AlertSender): Way {
  return { group: 'admin-alert-mails', atOnce: mailsAtOnce, handle: (alert) => sender.mail(alert) }
}

async function openWay(
  { config, log, clock, readiness, stopping, fail }: AdminService,
  { kafka, use, codec, reader }: AdminKafka,
  { group, atOnce, handle }: Way,
): Promise<GroupConsumer> {
  const context = { log, clock, readiness, stopping }
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
    clock,
  })
  return GroupConsumer.open(
    kafka,
    {
      groupId: use.prefix + group,
      topics: [topic],
      ...membershipSettings(config),
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
