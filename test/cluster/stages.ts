import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import type { FaultyStack } from '../support/faulty-stack.ts'
import type { Load } from '../support/load.ts'

type Stage = { name: string; fromMs: number; toMs: number; events: number; withoutAckMs: number }

/** Stages of what happens under load, one after another, and how long notifications stood still in each. */
export type Stages = {
  run(name: string, happening: () => Promise<unknown>): Promise<void>
  /** One line for each stage. Valid once everything has arrived. */
  report(): string[]
  /** Longest time without an arrival at any one webhook, in all stages but the first. */
  longestSeconds(): number
}

/** A stage ends when each webhook has had a notification again, or after this time. */
const flowLimitMs = 60_000
const ackCheckMs = 50

export function openStages(
  { receiver, channels }: Pick<FaultyStack, 'receiver' | 'channels'>,
  load: Pick<Load, 'acknowledged'>,
): Stages {
  const stages: Stage[] = []
  const gaps = ({ fromMs, toMs }: Stage) => {
    const inStage = receiver.arrivals.filter(({ arrivedAtMs }) => arrivedAtMs >= fromMs && arrivedAtMs <= toMs)
    const byPath = Map.groupBy(inStage, ({ path }) => path)
    const longest = (arrivals: readonly { arrivedAtMs: number }[]) =>
      longestGapMs([fromMs, ...arrivals.map(({ arrivedAtMs }) => arrivedAtMs), toMs]) / 1_000
    return { all: longest(inStage), worst: Math.max(...[...byPath.values()].map(longest)) }
  }
  return {
    async run(name, happening) {
      const fromMs = systemClock.nowMs()
      const before = load.acknowledged.length
      const over = new AbortController()
      const withoutAck = longestWithoutAckMs(load, over.signal)
      await happening()
      const doneMs = systemClock.nowMs()
      const flowing = () => {
        const since = receiver.arrivals.filter(({ arrivedAtMs }) => arrivedAtMs > doneMs)
        return new Set(since.map(({ path }) => path)).size >= channels.length
      }
      await until(flowing, flowLimitMs, systemClock)
      over.abort()
      const events = load.acknowledged.length - before
      stages.push({ name, fromMs, toMs: systemClock.nowMs(), events, withoutAckMs: await withoutAck })
    },
    report: () =>
      stages.map((stage) => {
        const { all, worst } = gaps(stage)
        const standstill = `stands still for ${all.toFixed(1)} s, the worst webhook ${worst.toFixed(1)} s`
        const { name, events, fromMs, toMs, withoutAckMs } = stage
        const own = `no event was acknowledged for ${(withoutAckMs / 1_000).toFixed(1)} s`
        return `${name}: ${events} events in ${Math.round((toMs - fromMs) / 1_000)} s, ${standstill}; ${own}`
      }),
    longestSeconds: () => Number(Math.max(...stages.slice(1).map((stage) => gaps(stage).worst)).toFixed(1)),
  }
}

/** Longest time in which the producer acknowledged nothing: what Kafka itself needs for new leaders. */
async function longestWithoutAckMs(load: Pick<Load, 'acknowledged'>, over: AbortSignal): Promise<number> {
  let [count, sinceMs, longestMs] = [load.acknowledged.length, systemClock.nowMs(), 0]
  while (!over.aborted) {
    await systemClock.sleep(ackCheckMs, over)
    const nowMs = systemClock.nowMs()
    longestMs = Math.max(longestMs, nowMs - sinceMs)
    if (load.acknowledged.length > count) [count, sinceMs] = [load.acknowledged.length, nowMs]
  }
  return longestMs
}

function longestGapMs(timesMs: number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b)
  return Math.max(...sorted.slice(1).map((timeMs, index) => timeMs - (sorted[index] ?? timeMs)))
}
