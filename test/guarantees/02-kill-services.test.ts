import { expect, test } from 'vitest'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'

const killed = ['dispatcher', 'formatter', 'producer', 'stats-aggregator', 'admin'] as const
/** Number of kills of each service. */
const rounds = sized(20, 1)
const pauseMs = 2_500
const perSecond = 200
/** Requests in flight of the whole dispatcher. */
const inFlightCap = 64

test(`after kill -9 of each service in turn, ${rounds} times under load, nothing is missing and repetitions are identical`, {
  timeout: caseTimeoutMs,
}, async () => {
  const extraEnv = { HOOKLINE_DISPATCHER_MAX_IN_FLIGHT: String(inFlightCap) }
  await using world = await startFaultyStack({ webhooks: 4, contacts: 200, extraEnv })
  const load = startLoad(world, { lanes: world.lanes, perSecond })
  for (let kill = 0; kill < rounds * killed.length; kill++) {
    // Does not wait for the one before to be back: two may be down at the same time.
    await systemClock.sleep(pauseMs)
    const name = killed[kill % killed.length] ?? 'dispatcher'
    // A service that is killed again while it starts counts as killed too.
    world.stack.service(name).kill('SIGKILL')
  }
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)
  const kills = world.ends.filter((end) => end.includes('SIGKILL')).length
  const bound = 2 * kills * inFlightCap
  figure(2, `${kills} kills, ${published.length} events: missing ${report.missing.length}, repeated ${report.repeated}`)
  expect(report.missing).toEqual([])
  // Order, signatures, and the id and bytes of repetitions.
  expect(report.faults).toEqual([])
  expect(kills).toBeGreaterThanOrEqual(rounds * killed.length - rounds)
  expect(report.repeated, `at most 2 x ${kills} kills x ${inFlightCap} in flight`).toBeLessThanOrEqual(bound)
})
