import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

/** @returns why a program of Prometheus cannot be run, or null. */
export function lackOfProgram(name: 'prometheus' | 'promtool'): string | null {
  const { error } = spawnSync(name, ['--version'])
  return error ? `${name} is not in the PATH (Debian: apt-get install prometheus)` : null
}

export type Sample = { metric: Record<string, string>; value: [number, string] }

export type FiringAlert = { alertname: string; labels: Record<string, string> }

export type PrometheusServer = AsyncDisposable & {
  /** Result of an instant query. @throws Error with Prometheus' message if it is invalid. */
  query(expression: string): Promise<Sample[]>
  /** Alerts that fire now. */
  firing(): Promise<FiringAlert[]>
}

export type PrometheusOptions = {
  /** `host:port` of each target of the job hookline. */
  targets: string[]
  /** Alert rules in YAML. */
  rules: string
  /** Interval of scrapes and evaluations, such as 1s. */
  interval: string
}

const startLimitMs = 60_000

/** Starts Prometheus as a process that scrapes the targets. */
export async function startPrometheus({ targets, rules, interval }: PrometheusOptions): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-prometheus-'))
  const [port = 0] = await findFreePorts(1)
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'hookline', static_configs: [{ targets }] }],
  }
  await writeFile(join(folder, 'alerts.yaml'), rules)
  await writeFile(join(folder, 'prometheus.yaml'), JSON.stringify(config))
  const files = [`--config.file=${join(folder, 'prometheus.yaml')}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  const address = `127.0.0.1:${port}`
  const child = spawn('prometheus', [...files, `--web.listen-address=${address}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000)
  })
  const get = async (path: string) => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const body = (await response.json()) as { status: string; error?: string; data: never }
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`)
    return body.data
  }
  const isServing = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  if (!(await until(isServing, startLimitMs, systemClock))) throw new Error(`Prometheus does not start: ${output}`)
  return {
    query: async (expression) =>
      ((await get(`query?query=${encodeURIComponent(expression)}`)) as { result: Sample[] }).result,
    async firing() {
      const { alerts } = (await get('alerts')) as { alerts: { state: string; labels: Record<string, string> }[] }
      return alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => ({ alertname: labels.alertname ?? '', labels }))
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
