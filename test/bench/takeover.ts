import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { answeredAttempt } from '../support/sample-attempts.ts'
import { businessId, fillDeliveries } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { openWorld, partitions, say, stop, type World } from './world.ts'

/** `takeover`: from the start of a dispatcher to its first request, when the last ten minutes held many attempts. */

const attempts = Number(process.env.HOOKLINE_BENCH_ATTEMPTS ?? 500_000)
const webhooks = 50
const few = 200
const snapshotMs = 5_000

export async function takeover(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const prefix = 'takeover-'
  world.applyTopics(prefix)
  await fillAttempts(world, prefix)
  // The first dispatcher finds no snapshot and reads all attempts; the second one finds the snapshot of the first.
  const withoutSnapshotMs = await firstRequestMs(world, receiver, prefix, 1)
  const withSnapshotMs = await firstRequestMs(world, receiver, prefix, 2)
  return { attempts, withoutSnapshotMs, withSnapshotMs }
}

async function firstRequestMs(world: World, receiver: ReceiverProcess, prefix: string, run: number): Promise<number> {
  const options = { deliveries: few, webhooks, contacts: 100, bodyBytes: 700, url: receiver.url }
  await fillDeliveries(world, { ...options, prefix, run })
  await receiver.reset()
  const beganMs = clock.monotonicMs()
  const child = world.spawnScript(
    serviceFile('dispatcher'),
    [],
    withMemoryLimits({ HOOKLINE_TOPIC_PREFIX: prefix }),
    flagsOf('dispatcher'),
  )
  await receiver.until(1)
  const tookMs = Math.round(clock.monotonicMs() - beganMs)
  say(`run ${run}: ${tookMs} ms from the start to the first request`)
  await receiver.until(few)
  await clock.sleep(snapshotMs)
  await stop(child)
  return tookMs
}

/** Writes successful attempts of the last minutes, as another dispatcher would have. */
async function fillAttempts(world: World, prefix: string): Promise<void> {
  const encode = await world.encoder<Attempt>(topics.webhookAttempts, prefix)
  const topic = topicName(topics.webhookAttempts, prefix)
  let last: Promise<unknown> = Promise.resolve()
  for (let i = 0; i < attempts; i++) {
    const webhookId = `w${i % webhooks}`
    const nowMs = clock.nowMs()
    const value = encode({
      ...answeredAttempt,
      deliveryId: deliveryId({ type: 'message', event: { eventId: `before-${i}` } }, webhookId),
      webhookId,
      businessId,
      eventId: `before-${i}`,
      kind: 'message',
      chatChannelId: `c${i % webhooks}`,
      contactId: `contact${i % 5_000}`,
      startedAt: nowMs,
      deliveryCreatedAt: nowMs,
      sourceTopic: topicName(topics.webhookDeliveries, prefix),
      sourceOffset: i,
    })
    last = world.producer.send({ topic, key: webhookId, value, partition: (i % webhooks) % partitions })
    if (i % 10_000 === 9_999) await last
  }
  await last
}
