import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAdminClient } from '../../deploy/demo/admin-client.ts'
import { openBusiness } from '../../deploy/demo/business.ts'
import { samples } from '../../deploy/demo/conversations/samples.ts'
import { compare, completionOf, type Published } from '../../deploy/demo/delivery-report.ts'
import { play } from '../../deploy/demo/player.ts'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type ComposeProject, composeProject, lackOfEngine } from '../support/compose.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull } from '../support/guarantee-size.ts'

/** Builds an image and starts nine containers, which takes minutes. */
const missing = isFull ? lackOfEngine() : 'runs at full size only (npm run guarantees)'
if (missing) figure(60, `skipped: ${missing}`)

const platformNames = ['kafka', 'registry'] as const
const limitMs = 180_000
/** Kills the process beside the container's init, which then ends, too. */
const killProcess =
  'for p in /proc/[0-9]*; do if grep -q "^PPid:[[:space:]]*1$" $p/status; then kill -9 $(basename $p); fi; done'
const megabyte = 1_048_576

test.skipIf(missing !== null)(
  'containers lose nothing when each is killed, and when all go down and come up again',
  { timeout: caseTimeoutMs },
  async () => {
    const [adminPort = 0, producerPort = 0, kafkaPort = 0, registryPort = 0] = await findFreePorts(4)
    const project = composeProject(`hookline-guarantee-60-${process.pid}`, 'kafka', {
      ADMIN_PORT: String(adminPort),
      PRODUCER_PORT: String(producerPort),
      BROKER_PORT: String(kafkaPort),
      REGISTRY_PORT: String(registryPort),
      // The receiver is on the host.
      HOOKLINE_ALLOW_INSECURE_URLS: 'true',
      HOOKLINE_ALLOWED_ADDRESSES: '172.16.0.0/12,192.168.0.0/16',
    })
    const { compose } = project
    try {
      const startedMs = await up(project, '--build')
      for (const name of serviceNames) await expectContained(project, name)

      const token = tokenOf(await compose('run', '--rm', 'sign-in'))
      await using business = await openBusiness({
        admin: createAdminClient(`http://127.0.0.1:${adminPort}`, token),
        clock: systemClock,
        runId: randomBytes(3).toString('hex'),
        onArrival: () => undefined,
        hostName: 'host.docker.internal',
      })
      const { arrivals } = business.receiver
      const producerUrl = `http://127.0.0.1:${producerPort}`
      const options = { producerUrl, token, clock: systemClock, pauseMs: 200, retries: 20 }
      await business.waitUntilInForce(options)

      const published: Published[] = []
      /** Plays all conversations, with the event between them, and waits until everything has arrived. */
      const playDuring = async (name: string, event: () => Promise<unknown>) => {
        const conversations = samples.map((sample) => ({ ...sample, id: `${sample.id}-${name}` }))
        const [played] = await Promise.all([play(business.eventsOf(conversations), options), event()])
        published.push(...played)
        await until(completionOf(published, arrivals), limitMs, systemClock)
        expect(compare(published, arrivals).missing, `missing after ${name}`).toEqual([])
      }

      const names = [...serviceNames, ...platformNames]
      for (const name of names) {
        await playDuring(`kill-${name}`, async () => {
          await systemClock.sleep(500)
          await project.exec(name, killProcess).catch(() => undefined)
          await until(() => isHealthy(project, name), limitMs, systemClock)
        })
        expect(await project.inspect(name), name).toMatchObject({ RestartCount: 1, State: { OOMKilled: false } })
      }
      const memory = await Promise.all(serviceNames.map((name) => memoryOf(project, name)))

      // SIGTERM under traffic: the exit code would be 137 after stop_grace_period.
      await playDuring('stop', async () => {
        await compose('stop', 'dispatcher', 'formatter', 'stats-aggregator')
        await compose('start', 'dispatcher', 'formatter', 'stats-aggregator')
      })
      const stopMs = await timed(() => compose('stop'))
      for (const name of serviceNames) expect((await project.inspect(name)).State.ExitCode, name).toBe(0)
      for (const name of platformNames) expect((await project.inspect(name)).State.ExitCode, name).toBe(143)

      await compose('down')
      const againMs = await up(project)
      await playDuring('down', async () => undefined)

      const { summary, faults, repeated } = compare(published, arrivals)
      expect(faults).toEqual([])
      figure(
        60,
        `${names.length} containers killed with kill -9, down and up again: ${summary.events} events, missing ` +
          `${summary.missing}, twice ${repeated}; first start ${seconds(startedMs)} with the build, second ` +
          `${seconds(againMs)}, SIGTERM to all ${seconds(stopMs)}; memory ${memory.join(', ')}`,
      )
    } catch (error) {
      process.stderr.write(await compose('logs', '--no-color', '--tail', '40'))
      throw error
    } finally {
      await compose('down', '--volumes', '--remove-orphans')
    }
  },
)

/** Starts everything and waits until it is healthy. @returns how long that took, in milliseconds. */
async function up({ compose }: ComposeProject, ...options: string[]): Promise<number> {
  return timed(() => compose('up', '--detach', '--wait', ...options))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = systemClock.monotonicMs()
  await work()
  return systemClock.monotonicMs() - startMs
}

async function expectContained(project: ComposeProject, name: string): Promise<void> {
  const container = await project.inspect(name)
  expect(container, name).toMatchObject({
    Config: { User: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/) },
    HostConfig: { ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null },
    State: { Health: { Status: 'healthy' } },
  })
  expect(container.HostConfig.Memory, `${name}: memory limit`).toBeGreaterThan(0)
  const status = await project.exec(name, 'cat /proc/self/status; touch /hookline/x 2>&1; true')
  for (const line of ['CapPrm:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1'])
    expect(status, name).toContain(line)
  expect(status, name).toContain('Read-only file system')
}

async function isHealthy(project: ComposeProject, name: string): Promise<boolean> {
  const { RestartCount, State } = await project.inspect(name)
  return RestartCount > 0 && State.Health?.Status === 'healthy'
}

/** Resident memory of the service's process, which is the child of the container's init. */
async function memoryOf(project: ComposeProject, name: string): Promise<string> {
  const limit = (await project.inspect(name)).HostConfig.Memory
  const peaks = await project.exec(name, 'grep -h VmHWM /proc/[0-9]*/status')
  const kilobytes = [...peaks.matchAll(/(\d+) kB/g)].map(([, number]) => Number(number))
  return `${name} ${Math.round(Math.max(...kilobytes) / 1024)} of ${limit / megabyte} MB`
}

function tokenOf(output: string): string {
  const token = output.trim().split('\n').at(-1)?.trim()
  if (token === undefined) throw new Error('sign-in printed no token')
  return token
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
