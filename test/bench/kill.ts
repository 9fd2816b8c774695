import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { fillDeliveries } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { median } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'

/**
 * `kill`: the dispatcher is killed (SIGKILL), or stopped as for a planned restart (SIGTERM), in the middle of a drain, and
 * started again at once; each without and with a name of its instance, in turn with a drain that nothing interrupts.
 */

const deliveries = Number(process.env.HOOKLINE_BENCH_DELIVERIES ?? 20_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const shape = { webhooks: 50, contacts: 5_000, bodyBytes: 700 }
const giveUpMs = 120_000
const pollMs = 50

const interruptions = {
  killed: { signal: 'SIGKILL', instanceId: '' },
  killedWithName: { signal: 'SIGKILL', instanceId: 'bench-1' },
  restarted: { signal: 'SIGTERM', instanceId: '' },
  restartedWithName: { signal: 'SIGTERM', instanceId: 'bench-1' },
} as const
type Interruption = { readonly signal: NodeJS.Signals; readonly instanceId: string }

/** standstillMs: longest time without an arrival after the first third. */
type Run = { tookMs: number; standstillMs: number; missing: number; repeated: number }

export async function kill(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const runs: Run[] = []
  const plain: Run[] = []
  const ofInterruption = new Map<string, Run[]>()
  for (let round = 0; round < rounds; round++) {
    const uninterrupted = await drainOnce(world, receiver, `plain${round}-`, null)
    say(`round ${round + 1}, not interrupted: ${JSON.stringify(uninterrupted)}`)
    plain.push(uninterrupted)
    for (const [name, interruption] of Object.entries(interruptions)) {
      const run = await drainOnce(world, receiver, `${name}${round}-`, interruption)
      say(`round ${round + 1}, ${name}: ${JSON.stringify(run)}`)
      ofInterruption.set(name, [...(ofInterruption.get(name) ?? []), run])
      runs.push(run)
    }
  }
  const medianOf = (some: Run[], of: (run: Run) => number) => Math.round(median(some.map(of)))
  const tookMs = medianOf(plain, (run) => run.tookMs)
  const figures = [...ofInterruption].map(([name, some]) => [
    name,
    {
      standstillMs: medianOf(some, (run) => run.standstillMs),
      longerMs: medianOf(some, (run) => run.tookMs) - tookMs,
      repeated: Math.max(...some.map(({ repeated }) => repeated)),
    },
  ])
  const missing = [...plain, ...runs].reduce((sum, run) => sum + run.missing, 0)
  return { deliveries, missing, ...Object.fromEntries(figures) }
}

/**
 * Time from the start of the dispatcher until everything has arrived. It is interrupted after a third and started again
 * as soon as it has ended.
 */
async function drainOnce(
  world: World,
  receiver: ReceiverProcess,
  prefix: string,
  interruption: Interruption | null,
): Promise<Run> {
  world.applyTopics(prefix)
  await fillDeliveries(world, { ...shape, prefix, deliveries, url: receiver.url })
  await receiver.reset(true)
  const env = withMemoryLimits({
    HOOKLINE_TOPIC_PREFIX: prefix,
    HOOKLINE_INSTANCE_ID: interruption?.instanceId ?? '',
  })
  const start = (): ChildProcess => world.spawnScript(serviceFile('dispatcher'), [], env, flagsOf('dispatcher'))
  const beganMs = clock.monotonicMs()
  let child = start()
  const third = Math.floor(deliveries / 3)
  if (interruption) {
    await receiver.until(third)
    const ended = once(child, 'exit')
    child.kill(interruption.signal)
    await ended
    child = start()
  }
  const ids = new Set<string>()
  let count = 0
  const times: number[] = []
  while (ids.size < deliveries && clock.monotonicMs() - beganMs < giveUpMs) {
    await clock.sleep(pollMs)
    const { arrivals } = await receiver.report()
    for (const [id, atMs] of arrivals.slice(count)) {
      ids.add(id)
      times.push(atMs)
    }
    count = arrivals.length
  }
  const tookMs = Math.round(clock.monotonicMs() - beganMs)
  await stop(child)
  const gaps = times.slice(third).map((atMs, index) => atMs - (times[third + index - 1] ?? atMs))
  return {
    tookMs,
    standstillMs: Math.round(Math.max(0, ...gaps)),
    missing: deliveries - ids.size,
    repeated: count - ids.size,
  }
}
