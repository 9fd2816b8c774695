import { expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'

/** Time after which a paused webhook gets nothing any more (guarantees.md, 61). */
const settleMs = 5_000
/** Services that are killed during the pause, one after another. */
const killed = sized<ServiceName[]>(['dispatcher', 'formatter', 'dispatcher', 'admin', 'dispatcher'], ['dispatcher'])
const afterKillMs = sized(15_000, 3_000)
const perSecond = sized(200, 60)

test('a paused webhook gets nothing, whatever is killed meanwhile, and misses nothing once it is resumed', {
  timeout: caseTimeoutMs,
}, async () => {
  await using world = await startFaultyStack({ webhooks: 3, contacts: 30 })
  const { stack, receiver, token, webhookPaths } = world
  const [first = '', second = ''] = webhookPaths
  const paused = [first, second]
  const arrivedAt = (path: string) => receiver.arrivals.filter((arrival) => arrival.path === path).length
  const arrivedAtPaused = () => arrivedAt('/0') + arrivedAt('/1')
  const ask = async (path: string, verb: 'pause' | 'resume') => {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${stack.service('admin').url}/api/v1/${path}/${verb}`, { method: 'POST', headers })
    const body = (await response.json()) as { paused: boolean; status: { state: string; keptUntil: string | null } }
    expect(response.status, JSON.stringify(body)).toBe(200)
    return body
  }

  const load = startLoad(world, { lanes: world.lanes, perSecond })
  expect(await until(() => arrivedAtPaused() > 20, 60_000, systemClock), 'notifications arrive').toBe(true)
  for (const path of paused) {
    const { status, ...definition } = await ask(path, 'pause')
    expect([definition.paused, status.state]).toEqual([true, 'paused'])
    expect(Date.parse(status.keptUntil ?? '')).toBeGreaterThan(systemClock.nowMs() + 6 * 86_400_000)
  }
  await systemClock.sleep(settleMs)
  const [before, others] = [arrivedAtPaused(), arrivedAt('/2')]
  for (const name of killed) {
    stack.service(name).kill('SIGKILL')
    await systemClock.sleep(afterKillMs)
  }
  // The successor has taken over: the webhook that is not paused gets its notifications again.
  expect(await until(() => arrivedAt('/2') > others + 60, 60_000, systemClock), 'the other one goes on').toBe(true)
  const whilePaused = arrivedAtPaused() - before
  for (const path of paused) expect((await ask(path, 'resume')).paused).toBe(false)
  const published = await load.stop()
  const report = await world.arrived(published, 60_000)
  figure(
    61,
    `${published.length} events, ${killed.length} kills: requests while paused ${whilePaused}, missing ${report.missing.length}, repeated ${report.repeated}`,
  )
  expect(whilePaused, 'requests from 5 s after the pause on').toBe(0)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
})
