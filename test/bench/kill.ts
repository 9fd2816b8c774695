import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { fillDeliveries } from './fill.ts'
import { ReceiverProcess } from './receiver-process.ts'
import { median } from './usage.ts'
import { openWorld, say, stop, type World } from './world.ts'

/** `kill`: kill -9 of the dispatcher in the middle of a drain, beside a drain without it, in turn. */

const deliveries = Number(process.env.HOOKLINE_BENCH_DELIVERIES ?? 20_000)
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const shape = { webhooks: 50, contacts: 5_000, bodyBytes: 700 }
const giveUpMs = 120_000
const pollMs = 50

type Run = { tookMs: number; missing: number; repeated: number }

export async function kill(): Promise<object> {
  await using world = await openWorld()
  await using receiver = await ReceiverProcess.start()
  const runs: { plain: Run; killed: Run }[] = []
  for (let round = 0; round < rounds; round++) {
    const pair = {
      plain: await drainOnce(world, receiver, `plain${round}-`, false),
      killed: await drainOnce(world, receiver, `killed${round}-`, true),
    }
    say(`round ${round + 1} ${JSON.stringify(pair)}`)
    runs.push(pair)
  }
  return {
    deliveries,
    missing: runs.reduce((sum, { plain, killed }) => sum + plain.missing + killed.missing, 0),
    repeated: Math.max(...runs.map(({ killed }) => killed.repeated)),
    standstillMs: Math.round(median(runs.map(({ plain, killed }) => killed.tookMs - plain.tookMs))),
  }
}

/**
 * Time from the start of the dispatcher until everything has arrived. It is killed after a third and started again at
 * once.
 */
async function drainOnce(world: World, receiver: ReceiverProcess, prefix: string, isKilled: boolean): Promise<Run> {
  world.applyTopics(prefix)
  await fillDeliveries(world, { ...shape, prefix, deliveries, url: receiver.url })
  await receiver.reset(true)
  const env = withMemoryLimits({ HOOKLINE_TOPIC_PREFIX: prefix })
  const start = (): ChildProcess => world.spawnScript('services/dispatcher/main.ts', [], env, flagsOf('dispatcher'))
  const beganMs = clock.monotonicMs()
  let child = start()
  if (isKilled) {
    await receiver.until(Math.floor(deliveries / 3))
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    child = start()
  }
  const ids = new Set<string>()
  let count = 0
  while (ids.size < deliveries && clock.monotonicMs() - beganMs < giveUpMs) {
    await clock.sleep(pollMs)
    const { arrivals } = await receiver.report()
    for (const [id] of arrivals.slice(count)) ids.add(id)
    count = arrivals.length
  }
  const tookMs = Math.round(clock.monotonicMs() - beganMs)
  await stop(child)
  return { tookMs, missing: deliveries - ids.size, repeated: count - ids.size }
}
