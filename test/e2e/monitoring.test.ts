import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type AlertFault, failingChannels, goodChannel, quickRounds, rounds } from '../support/alert-faults.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { lanesOf, messageOf, startLoad } from '../support/load.ts'
import {
  type MonitoredStack,
  measuredBusiness,
  scrapeIntervalMs,
  startMonitoredStack,
} from '../support/monitored-stack.ts'
import { alertRules, type PanelQuery, panelQueries } from '../support/monitoring.ts'
import type { ExportedSpan } from '../support/otlp-receiver.ts'
import { lackOfProgram } from '../support/prometheus.ts'

/** Dashboards and alert rules against a real Prometheus that scrapes a running stack, and the traces of that stack. */

const missing = lackOfProgram('prometheus')
if (missing !== null) process.stdout.write(`dashboards and alerts against Prometheus are skipped: ${missing}\n`)

const dataLimitMs = 60_000
const alertLimitMs = sized(6 * 60_000, 2 * 60_000)
const alertsOf = (faults: AlertFault[]) => faults.flatMap(({ alerts }) => alerts)

let monitored: MonitoredStack
let ended: () => Promise<unknown>

beforeAll(async () => {
  if (missing !== null) return
  monitored = await startMonitoredStack()
  const { world } = monitored
  await world.admin.activate(measuredBusiness)
  world.receiver.answer('/failing', { kind: 'status', status: 503 })
  const define = (path: string, channel: string) =>
    world.admin.defineWebhook(measuredBusiness, { name: channel, url: world.receiver.url + path, channels: [channel] })
  await define('/good', goodChannel)
  if (isFull) for (const channel of failingChannels) await define('/failing', channel)
  await world.inForce()
  const load = startLoad({ ...world, businessId: measuredBusiness }, { lanes: lanesOf([goodChannel], 5), perSecond: 5 })
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

test.skipIf(missing !== null)('an event is one trace from the request of its publisher to its receiver', async () => {
  const { world, traces } = monitored
  const url = `${world.stack.service('producer').url}/v1/events`
  let [traceId, publisherSpan] = ['', '']
  // The producer waits for Kafka for a second only, and each try is a trace of its own.
  const publishOnce = async () => {
    traceId = randomBytes(16).toString('hex')
    publisherSpan = randomBytes(8).toString('hex')
    const event = messageOf({ channel: goodChannel, contactId: traceId }, 0, measuredBusiness)
    const headers = {
      authorization: `Bearer ${world.token}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${publisherSpan}-01`,
    }
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ events: [event] }) })).status
  }
  await expect.poll(publishOnce).toBe(202)
  const names = ['publish', 'format', 'queue', 'attempt']
  const findSpan = (name: string) => traces.spans.find((span) => span.traceId === traceId && span.name === name)
  await until(() => names.every((name) => findSpan(name) !== undefined), dataLimitMs, systemClock)
  const [publish, format, queue, attempt] = names.map(findSpan)
  const below = (parent?: ExportedSpan) => ({ parentSpanId: parent?.spanId })
  expect(publish).toMatchObject({ service: 'producer', parentSpanId: publisherSpan })
  expect(format).toMatchObject({ service: 'formatter', ...below(publish) })
  expect(queue).toMatchObject({ service: 'dispatcher', ...below(format) })
  expect(attempt).toMatchObject({ service: 'dispatcher', ...below(format) })
  const received = world.receiver.arrivals.map((arrival) => arrival.headers.traceparent)
  expect(received).toContain(`00-${traceId}-${attempt?.spanId}-01`)
})

test('every alert rule has a real fault that fires it', () => {
  const rules = alertRules().map(({ alert }) => alert)
  expect(alertsOf(rounds.flat()).toSorted()).toEqual(rules.toSorted())
  const left = rules.filter((alert) => !alertsOf(quickRounds.flat()).includes(alert))
  if (!isFull) process.stdout.write(`alerts that take minutes fire with HOOKLINE_GUARANTEES=full: ${left.join(', ')}\n`)
})

const cases = sized(rounds, quickRounds).map((faults) => ({ faults, alerts: alertsOf(faults) }))

test.skipIf(missing !== null).each(cases)(
  'alerts are quiet before a real fault and fire while it lasts: $alerts',
  { timeout: caseTimeoutMs },
  async ({ faults, alerts }) => {
    const firing = async () => new Set((await monitored.prometheus.firing()).map(({ alertname }) => alertname))
    const waiting = new Set(alerts)
    // On a busy machine an alert may have fired before; it is over, as long as there is no fault.
    await expect.poll(async () => (await firing()).intersection(waiting)).toEqual(new Set())
    const over = new AbortController()
    const startMs = systemClock.monotonicMs()
    const lasting = Promise.all(faults.map(({ last }) => last(monitored, over.signal)))
    // Thrown below, when it is awaited.
    lasting.catch(() => undefined)
    const haveFired = async () => {
      for (const alert of (await firing()).intersection(waiting)) {
        waiting.delete(alert)
        const seconds = Math.round((systemClock.monotonicMs() - startMs) / 1_000)
        const fault = faults.find((each) => each.alerts.includes(alert))
        process.stdout.write(`${alert} fired after ${seconds} s: ${fault?.what}\n`)
      }
      if (waiting.size > 0) await systemClock.sleep(scrapeIntervalMs / 2)
      return waiting.size === 0
    }
    try {
      await until(haveFired, alertLimitMs, systemClock)
      expect(waiting).toEqual(new Set())
    } finally {
      over.abort()
      await lasting
    }
  },
)
