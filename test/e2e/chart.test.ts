import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, expect, inject, test } from 'vitest'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { until } from '../../deploy/local/process/until.ts'
import { commonFlags } from '../../deploy/local/stack/memory.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { environmentOf, lackOfTools, podOf, type Resource, render } from '../support/chart.ts'

/** The containers of the Helm chart as processes: arguments, variables and probes as they are rendered. */

const services = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin']
const readyWithinMs = 60_000
const running: ChildProcess[] = []

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

test.skipIf(lackOfTools !== null)(
  'the pods of the chart become ready at their probes, and end within their grace periods with exit code 0',
  async () => {
    const ports = await findFreePorts(services.length)
    const portOf = (program: string) => ports[services.indexOf(program)] ?? 0
    const resources = render(
      {
        config: {
          KAFKA_BROKERS: inject('brokers').join(','),
          SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
          HOOKLINE_TOPIC_PREFIX: `chart-${randomBytes(4).toString('hex')}-`,
          HOOKLINE_PARTITIONS: 2,
          HOOKLINE_REPLICATION_FACTOR: 1,
        },
        services: Object.fromEntries(
          services.map((program) => [program, { config: { HOOKLINE_HTTP_PORT: portOf(program) } }]),
        ),
      },
      'demo',
    )
    expect(await exitCodeOf(start(resources, 'topics'))).toBe(0)
    const pods = services.map((program) => ({ program, child: start(resources, program) }))
    for (const { program } of pods) {
      const [container] = podOf(resources, program).spec.containers
      const { readinessProbe, livenessProbe } = container as unknown as Record<string, { httpGet: { path: string } }>
      const answers = (probe: typeof readinessProbe) => async () =>
        (await fetch(`http://127.0.0.1:${portOf(program)}${probe?.httpGet.path}`).catch(() => null))?.status === 200
      expect(await until(answers(livenessProbe), readyWithinMs, systemClock), program).toBe(true)
      expect(await until(answers(readinessProbe), readyWithinMs, systemClock), program).toBe(true)
    }
    for (const { program, child } of pods) {
      const { terminationGracePeriodSeconds: seconds } = podOf(resources, program).spec
      const killed = setTimeout(() => child.kill('SIGKILL'), Number(seconds) * 1_000)
      child.kill('SIGTERM')
      expect(await exitCodeOf(child), program).toBe(0)
      clearTimeout(killed)
    }
  },
  3 * readyWithinMs,
)

/** Contents of the Secret that examples/demo.yaml names, by Secret and key. */
const secrets: Record<string, string> = {
  'hookline/key-ring': `k1=${randomBytes(32).toString('base64')}`,
  'hookline/issuer.pub.pem': generateKeyPairSync('ed25519')
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString(),
}

/** A program's container as a process: the image's entry point with the container's arguments and variables alone. */
function start(resources: Resource[], program: string): ChildProcess {
  const [container] = podOf(resources, program).spec.containers
  const variables = Object.entries(environmentOf(resources, program)).map(([name, value]) => [
    name,
    secrets[value] ?? value,
  ])
  const child = spawn(process.execPath, [...commonFlags, ...(container?.args ?? [])], {
    env: Object.fromEntries(variables),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  running.push(child)
  return child
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
