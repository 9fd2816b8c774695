import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { lanesOf, startLoad } from '../support/load.ts'
import { type MonitoredStack, measuredBusiness, startMonitoredStack } from '../support/monitored-stack.ts'
import { type PanelQuery, panelQueries } from '../support/monitoring.ts'
import { lackOfProgram } from '../support/prometheus.ts'

/** Dashboards against a real Prometheus that scrapes a running stack. */

const missing = lackOfProgram('prometheus')
if (missing !== null) process.stdout.write(`dashboards against Prometheus are skipped: ${missing}\n`)

const good = 'good-channel'
const dataLimitMs = 60_000

let monitored: MonitoredStack
let ended: () => Promise<unknown>

beforeAll(async () => {
  if (missing !== null) return
  monitored = await startMonitoredStack()
  const { world } = monitored
  await world.admin.activate(measuredBusiness)
  const define = (path: string, channel: string) =>
    world.admin.defineWebhook(measuredBusiness, { name: channel, url: world.receiver.url + path, channels: [channel] })
  await define('/good', good)
  await world.inForce()
  const load = startLoad({ ...world, businessId: measuredBusiness }, { lanes: lanesOf([good], 5), perSecond: 10 })
  ended = () => load.stop().catch(() => undefined)
})

afterAll(async () => {
  await ended?.()
  await monitored?.[Symbol.asyncDispose]()
})

/** Queries without a sample. */
async function emptyQueries(): Promise<PanelQuery[]> {
  const empty = await Promise.all(
    panelQueries().map(async (panel) => {
      const expr = panel.expr.replaceAll('$__rate_interval', '15s').replaceAll('$business', measuredBusiness)
      return (await monitored.prometheus.query(expr)).length === 0 ? [panel] : []
    }),
  )
  return empty.flat()
}

test.skipIf(missing !== null)('every query of every dashboard returns data over a running stack', async () => {
  const { url } = monitored.world.stack.service('producer')
  const headers = { authorization: `Bearer ${monitored.world.token}`, 'content-type': 'application/json' }
  await fetch(`${url}/v1/events`, { method: 'POST', headers, body: '{"events": "none"}' })
  await monitored.publishAged('no-webhook', 1, 0)
  let empty: PanelQuery[] = []
  await until(
    async () => {
      empty = await emptyQueries()
      return empty.length === 0
    },
    dataLimitMs,
    systemClock,
  )
  expect(empty).toEqual([])
})
