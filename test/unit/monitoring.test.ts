import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { exposedMetrics } from '../../deploy/docs/tables/metrics-table.ts'
import { createMetrics } from '../../services/platform/runtime/metrics.ts'
import { filesBelow, readDocument, root } from '../support/documents.ts'
import { alertRules, alertsFile, dashboardFiles, panelQueries, recordingRules } from '../support/monitoring.ts'
import { lackOfProgram } from '../support/prometheus.ts'

/** Series names: those of the services, of the Node process, of Prometheus itself, and of recording rules. */
async function knownSeries(): Promise<Set<string>> {
  const process = await createMetrics('test').getMetricsAsJSON()
  const declared = [...exposedMetrics(), ...process.map(({ name, type }) => ({ name, type: String(type) }))]
  const series = declared.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
  return new Set([...series, 'up', 'ALERTS', ...recordingRules().map(({ record }) => record)])
}

/** Names in an expression that are followed by a selector, a range or an end: everything but functions and labels. */
function seriesIn(expr: string): string[] {
  const withoutLabels = expr
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
  const names = withoutLabels.match(/[a-zA-Z_][\w:]*(?!\w*\s*\()/g) ?? []
  return names.filter((name) => !['or', 'and', 'unless', 'bool'].includes(name))
}

const known = await knownSeries()

const expressions = [
  ...alertRules().map(({ alert, expr }) => ({ where: alert, expr })),
  ...recordingRules().map(({ record, expr }) => ({ where: record, expr })),
  ...panelQueries().map(({ dashboard, panel, expr }) => ({ where: `${dashboard}, ${panel}`, expr })),
]

test('the series of an expression are found, whatever stands around them', () => {
  const expr = 'sum by (a, b) (rate(x_total{c=~"d|e"}[5m])) / max(y_seconds) > 0.1 or vector(0) and z:lag:sum'
  expect(seriesIn(expr)).toEqual(['x_total', 'y_seconds', 'z:lag:sum'])
})

test.each(expressions)('a metric in $where is one that the services expose', ({ expr }) => {
  const series = seriesIn(expr)
  expect(series.length).toBeGreaterThan(0)
  expect(series.filter((name) => !known.has(name))).toEqual([])
})

describe('runbooks', () => {
  const folder = 'docs/operating/runbooks'
  const pages = filesBelow(folder, '.md')

  test('every alert has one page, and every page one alert', () => {
    const named = alertRules().map(({ annotations }) => annotations.runbook)
    expect(named.toSorted()).toEqual(pages.toSorted())
    expect(named).toEqual(alertRules().map(({ alert }) => `${folder}/${alert}.md`))
  })

  test.each(pages)('the page %s says what the alert means, what to look at, what to do, and when it ends', (page) => {
    const text = readDocument(page)
    expect(text.split('\n')[0]).toBe(`# ${page.split('/').at(-1)?.replace('.md', '')}`)
    for (const part of ['What it means', 'What to look at', 'What to do', 'When it ends'])
      expect(text, part).toContain(`**${part}`)
  })

  test('the page of observability links every runbook', () => {
    const text = readDocument('docs/operating/observability.md')
    expect(pages.filter((page) => !text.includes(`(${page.replace('docs/operating/', '')})`))).toEqual([])
  })
})

describe('dashboards', () => {
  test('there is one for all, one for the dispatcher, and one for a business', () => {
    const ids = dashboardFiles.map((file) => (JSON.parse(readDocument(file)) as { uid: string }).uid)
    expect(ids.toSorted()).toEqual(['hookline-business', 'hookline-dispatcher', 'hookline-overview'])
  })

  test.each(dashboardFiles)('panels of %s have ids of their own and do not overlap', (file) => {
    const { panels } = JSON.parse(readDocument(file)) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[]
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_unused, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
  })
})

const missing = lackOfProgram('promtool')
if (missing !== null) process.stdout.write(`alert rules are not run by promtool: ${missing}\n`)

test.skipIf(missing !== null)('every alert is quiet before its fault and fires after it (promtool)', () => {
  const file = 'deploy/monitoring/alerts.test.yaml'
  const tested = [...readDocument(file).matchAll(/^ {2}- name: (\w+)$/gm)].map(([, name]) => name)
  expect(tested).toEqual(alertRules().map(({ alert }) => alert))
  for (const args of [
    ['check', 'rules', alertsFile],
    ['test', 'rules', file],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: fileURLToPath(root), encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  }
})
