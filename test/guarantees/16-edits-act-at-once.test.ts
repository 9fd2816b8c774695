import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { ReceivedRequest } from '../../deploy/receiver/arrival.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { sessionTimeoutMs, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'

const graceMs = 5_000
const offlineMs = sized(90_000, sessionTimeoutMs + 1_000)
const stopGraceMs = 30_000
const arrivesWithinMs = 60_000
let lateRequests = 0
let edits = 0

/** Webhooks of each situation: one is deleted, one switched off, one moved; the last one stays as it is. */
const ofSituation = 4
let world: World

beforeAll(async () => {
  // Slow and with few requests, so that there is always a queue for the old target.
  const more = () => ({ maxInFlight: 2 })
  world = await startFaultyStack({ webhooks: situations.length * ofSituation, contacts: 120, more })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  figure(16, `${edits} edits under load, online, paused and offline: late requests to old targets ${lateRequests}`)
})

type World = Awaited<ReturnType<typeof startFaultyStack>>

/** Events during the edits. */
const situations: [name: string, around: (world: World, edit: () => Promise<void>) => Promise<void>][] = [
  ['online', (_world, edit) => edit()],
  [
    'while the dispatcher is stopped in the middle of its work',
    async ({ stack }, edit) => {
      stack.service('dispatcher').kill('SIGSTOP')
      await edit()
      await systemClock.sleep(offlineMs)
      stack.service('dispatcher').kill('SIGCONT')
    },
  ],
  [
    'while formatter and dispatcher are long offline',
    async ({ stack }, edit) => {
      const names = ['formatter', 'dispatcher'] as const
      await Promise.all(names.map((name) => stack.service(name).stop(stopGraceMs)))
      await edit()
      await systemClock.sleep(offlineMs)
      await Promise.all(names.map((name) => stack.add(name)))
    },
  ],
]

test.each(situations.map(([name, around], index) => [name, index * ofSituation, around] as const))(
  'after deletion, switch-off or an edit of the URL, old targets get nothing more (%s)',
  { timeout: caseTimeoutMs },
  async (_name, from, around) => {
    const { admin, businessId, receiver } = world
    const channels = world.channels.slice(from, from + ofSituation)
    const paths = channels.map((_channel, n) => `/${from + n}`)
    const movedTo = `/moved-${from}`
    for (const path of paths) receiver.answer(path, { kind: 'status', status: 204, delayMs: 100 })
    const lanes = world.lanes.filter(({ channel }) => channels.includes(channel))
    const load = startLoad(world, { lanes, perSecond: 100 })
    await systemClock.sleep(sized(5_000, 1_500))
    const hasArrived = (at: string) => receiver.arrivals.some(({ path }) => path === at)
    expect(await until(() => paths.every(hasArrived), arrivesWithinMs, systemClock), 'all have traffic').toBe(true)

    const all = `businesses/${businessId}/webhooks`
    const { webhooks } = await admin.http.get(`${all}?limit=100`).json<{ webhooks: Listed[] }>()
    const at = (n: number) => {
      const found = webhooks.find((one) => one.channels.includes(channels[n] ?? ''))
      if (!found) throw new Error(`no webhook ${n}`)
      return { url: `${all}/${found.id}`, headers: { 'if-match': `"${found.version}"` } }
    }
    const edited = new Map<string, number>()
    await around(world, async () => {
      const [deleted, off, moved] = [at(0), at(1), at(2)]
      await admin.http.delete(deleted.url, { headers: deleted.headers })
      await admin.http.patch(off.url, { headers: off.headers, json: { enabled: false } })
      await admin.http.patch(moved.url, { headers: moved.headers, json: { url: receiver.url + movedTo } })
      for (const path of paths.slice(0, 3)) edited.set(path, systemClock.nowMs())
      edits += edited.size
    })
    await systemClock.sleep(graceMs + sized(5_000, 1_000))
    await until(() => hasArrived(movedTo), arrivesWithinMs, systemClock)
    await load.stop()

    const arrivals = receiver.arrivals.filter(({ path }) => paths.includes(path) || path === movedTo)
    const afterMs = ({ path, arrivedAtMs }: ReceivedRequest) => arrivedAtMs - (edited.get(path) ?? arrivedAtMs)
    const late = arrivals.filter((arrival) => afterMs(arrival) > graceMs)
    lateRequests += late.length
    expect(late.map((arrival) => `${arrival.path} ${afterMs(arrival)} ms after`)).toEqual([])
    // All four had traffic before, and the moved one continues.
    expect(new Set(arrivals.map(({ path }) => path))).toEqual(new Set([...paths, movedTo]))
  },
)

type Listed = { id: string; channels: string[]; version: number }
