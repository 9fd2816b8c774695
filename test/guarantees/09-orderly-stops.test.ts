import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { seeded } from '../support/simulation.ts'

/** Number of stops of each service, the dispatcher first. */
const stopped: ServiceName[] = sized(
  ['dispatcher', 'formatter', 'producer', 'stats-aggregator', 'admin'],
  ['dispatcher', 'formatter', 'producer'],
)
const rounds = sized(20, 2)
const drainLimitMs = 60_000
const webhooks = 8

test(`SIGTERM of each service ${rounds} times under load lets what is in flight end, and duplicates nothing`, {
  timeout: caseTimeoutMs,
}, async () => {
  const seed = Math.floor(systemClock.random() * 2 ** 31)
  process.stdout.write(`guarantee 9: seed ${seed}\n`)
  const random = seeded(seed)
  // Slow webhooks with few requests in flight: they have a queue, at the front of partitions that others share.
  const more = (n: number) => (n < 6 ? {} : { maxInFlight: 5 })
  await using world = await startFaultyStack({ webhooks, contacts: 160, more })
  // Receivers range from fast to slow, so that at every moment some later deliveries end earlier. The slowest can just
  // keep up: 28 a second of the 20 that arrive.
  for (let n = 0; n < webhooks; n++)
    world.receiver.answer(`/${n}`, () => ({ kind: 'status', status: 204, delayMs: random() * 50 * n }))
  const load = startLoad(world, { lanes: world.lanes, perSecond: 160 })
  let longestMs = 0
  for (let stop = 0; stop < rounds * stopped.length; stop++) {
    await systemClock.sleep(1_000 + random() * 1_000)
    const service = world.stack.service(stopped[stop % stopped.length] ?? 'dispatcher')
    const startedMs = systemClock.monotonicMs()
    const ended = world.ends.length
    service.kill('SIGTERM')
    expect(await until(() => world.ends.length > ended, drainLimitMs, systemClock), `${service.name} ends`).toBe(true)
    longestMs = Math.max(longestMs, systemClock.monotonicMs() - startedMs)
    await service.restarted()
  }
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)
  const stops = `${world.ends.length} stops, the longest ${(longestMs / 1_000).toFixed(1)} s`
  figure(9, `${stops}; ${published.length} events: missing ${report.missing.length}, repeated ${report.repeated}`)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
  expect(world.ends.filter((end) => !end.includes('exit code 0'))).toEqual([])
  expect(report.repeated).toBe(0)
})
