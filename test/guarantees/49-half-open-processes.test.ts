import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const webhooks = 4
const failuresToOpen = 101
const openMs = 600_000
/** A probe whose process has died is given up after a minute. */
const probeLostMs = 60_000
/** A lost probe is given up after a minute; then parked notifications ramp up. */
const limitMs = 120_000
const stopGraceMs = 30_000
const preload = fileURLToPath(new URL('../support/clock-shift.mjs', import.meta.url))

/** Faults of the dispatcher while its probes hang. */
const faults: [name: string, make: (world: FaultyStack) => Promise<void>][] = [
  [
    'kill -9',
    async ({ stack }) => {
      stack.service('dispatcher').kill('SIGKILL')
      await stack.service('dispatcher').restarted()
    },
  ],
  [
    'a stop of 3 s',
    async ({ stack }) => {
      stack.service('dispatcher').kill('SIGSTOP')
      await systemClock.sleep(3_000)
      stack.service('dispatcher').kill('SIGCONT')
    },
  ],
  [
    'a second instance that joins and leaves',
    async ({ stack }) => {
      const guest = await stack.add('dispatcher')
      await guest.stop(stopGraceMs)
    },
  ],
]

test.each(sized(faults, faults.slice(0, 1)))(
  'guarantee 49: %s while the probes of half-open breakers hang leaves no webhook waiting',
  { timeout: caseTimeoutMs },
  async (name, make) => {
    const clockFile = join(await mkdtemp(join(tmpdir(), 'hookline-clock-')), 'ahead')
    await writeFile(clockFile, '0')
    await using world = await startFaultyStack({
      webhooks,
      contacts: webhooks * 4,
      more: (n) => ({
        maxInFlight: 1,
        timeoutMs: 30_000,
        retryProfile: 'none',
        whenBlocked: n % 2 === 0 ? 'reject' : 'park',
      }),
      extraEnv: {
        NODE_OPTIONS: `--import=${preload}`,
        HOOKLINE_TEST_CLOCK_FILE: clockFile,
        HOOKLINE_TEST_CLOCK_OF: 'dispatcher',
        HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: '200',
      },
    })
    await using topics = await followOutcomes(world.stack)
    const { receiver, channels, lanes, businessId } = world
    const answerAll = (answer: Parameters<typeof receiver.answer>[1]) => {
      for (const n of channels.keys()) receiver.answer(`/${n}`, answer)
    }
    let number = 0
    const offered: string[] = []
    const offer = async (each: number) => {
      const events = channels.flatMap((channel) => {
        const own = lanes.filter((lane) => lane.channel === channel)
        return Array.from({ length: each }, (_unused, index) =>
          messageOf(own[index % own.length] ?? { channel, contactId: 'ana' }, number + index, businessId),
        )
      })
      number += each
      offered.push(...events.map(({ eventId }) => eventId))
      await publish(world, events)
    }
    const unended = async () => {
      const attempts = await topics.attempts()
      const known = new Set(attempts.filter(({ next }) => next !== 'retry').map(({ eventId }) => eventId))
      return offered.filter((eventId) => !known.has(eventId))
    }
    const statesOf = async (state: string) => {
      const health = await topics.health()
      const newest = new Map(health.map((record) => [record.webhookId, record.breaker?.state]))
      return [...newest.values()].filter((each) => each === state).length
    }

    answerAll({ kind: 'status', status: 400 })
    await offer(failuresToOpen)
    expect(await until(async () => (await statesOf('open')) === webhooks, 60_000, systemClock), 'all are open').toBe(
      true,
    )
    answerAll({ kind: 'status', status: 204, delayMs: 29_000 })
    const before = receiver.arrivals.length
    await writeFile(clockFile, String(openMs + 5_000))
    // A dispatcher that has not seen its new time yet rejects what it is offered.
    const probed = async () => {
      await systemClock.sleep(1_000)
      await offer(1)
      return receiver.arrivals.length >= before + webhooks && (await statesOf('halfOpen')) === webhooks
    }
    expect(await until(probed, 60_000, systemClock), 'all are half-open').toBe(true)
    const startedMs = systemClock.monotonicMs()
    await make(world)
    answerAll({ kind: 'status', status: 204 })
    // The minute passes at full size; otherwise the dispatcher's clock jumps over it.
    if (!isFull) await writeFile(clockFile, String(openMs + 5_000 + probeLostMs + 1_000))
    await offer(5)
    await until(async () => (await unended()).length === 0, limitMs, systemClock)
    const tookMs = systemClock.monotonicMs() - startedMs
    expect(await unended(), `${name}: without an outcome`).toEqual([])
    figure(49, `${name} while ${webhooks} probes hang: all were served again within ${Math.round(tookMs / 1_000)} s`)
  },
)
