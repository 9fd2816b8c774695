import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const webhooks = sized(8, 4)
const rounds = sized(5, 1)
const failuresToBlock = 101
const stopGraceMs = 30_000
/** Number of events for each webhook after each fault. */
const offeredEach = 5

/** Faults while all webhooks are blocked; after each, a dispatcher has partitions. */
const faults: [name: string, make: (world: FaultyStack) => Promise<void>][] = [
  [
    'kill -9',
    async ({ stack }) => {
      stack.service('dispatcher').kill('SIGKILL')
      await stack.service('dispatcher').restarted()
    },
  ],
  [
    'a second instance joins, and leaves',
    async ({ stack }) => {
      const guest = await stack.add('dispatcher')
      await guest.stop(stopGraceMs)
    },
  ],
  [
    'a second instance joins, and the first is killed',
    async ({ stack }) => {
      const guest = await stack.add('dispatcher')
      stack.service('dispatcher').kill('SIGKILL')
      await stack.service('dispatcher').restarted()
      await guest.stop(stopGraceMs)
    },
  ],
]

/** Sources of the successor's state: the snapshot, or the attempts if the snapshot is too late. */
const sources: [name: string, healthIntervalMs: string, of: typeof faults][] = [
  ['from its snapshots', '200', sized(faults, faults.slice(2))],
  ['from webhook-attempts alone', '60000', sized(faults, faults.slice(0, 1))],
]

test.each(sources)(
  'a webhook blocked during a kill and a rebalance, restored %s, gets at most 1 request more',
  {
    timeout: caseTimeoutMs,
  },
  async (source, healthIntervalMs, made) => {
    await using world = await startFaultyStack({
      webhooks,
      contacts: webhooks * 4,
      more: (n) => ({ maxInFlight: 1, retryProfile: 'none', whenBlocked: n % 2 === 0 ? 'reject' : 'park' }),
      extraEnv: { HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: healthIntervalMs },
    })
    await using topics = await followOutcomes(world.stack)
    const { receiver, channels, lanes, businessId } = world
    for (const n of channels.keys()) receiver.answer(`/${n}`, { kind: 'status', status: 400 })
    const requests = () =>
      channels.map((_channel, n) => receiver.arrivals.filter(({ path }) => path === `/${n}`).length)
    let number = 0
    const offered: string[] = []
    const offer = async (each: number) => {
      const events = channels.flatMap((channel) => {
        const own = lanes.filter((lane) => lane.channel === channel)
        return Array.from({ length: each }, (_unused, index) => {
          const lane = own[index % own.length] ?? { channel, contactId: 'ana' }
          return messageOf(lane, number + index, businessId)
        })
      })
      number += each
      offered.push(...events.map(({ eventId }) => eventId))
      await publish(world, events)
    }
    const withoutRecord = async () => {
      const attempts = (await topics.attempts()).map(({ eventId }) => eventId)
      const parked = (await topics.parked()).map(({ delivery: { eventId } }) => eventId)
      const known = new Set([...attempts, ...parked])
      return offered.filter((eventId) => !known.has(eventId))
    }
    const isRecorded = async () => (await withoutRecord()).length === 0

    await offer(failuresToBlock)
    expect(await until(isRecorded, 60_000, systemClock), 'the failures are recorded').toBe(true)
    expect(requests()).toEqual(channels.map(() => failuresToBlock))
    if (source === 'from its snapshots') {
      const isOpen = async () => {
        const open = (await topics.health()).filter(({ breaker }) => breaker?.state === 'open')
        return new Set(open.map(({ webhookId }) => webhookId)).size === webhooks
      }
      expect(await until(isOpen, 60_000, systemClock), 'webhook-health says so').toBe(true)
    }

    for (let round = 0; round < rounds; round++) {
      for (const [name, make] of made) {
        // Some are in flight during it, some come after it.
        await offer(offeredEach)
        await make(world)
        await offer(offeredEach)
        await until(isRecorded, 60_000, systemClock)
        expect(await withoutRecord(), `${name}: without a record`).toEqual([])
      }
    }
    const more = requests().map((count) => count - failuresToBlock)
    figure(
      20,
      `${source}: ${rounds * made.length} kills and rebalances, ${webhooks} blocked webhooks: requests more, at most ${Math.max(...more)}`,
    )
    expect(Math.max(...more)).toBeLessThanOrEqual(1)
  },
)
