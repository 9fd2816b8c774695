import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import type { ReceiverProcess } from './receiver-process.ts'
import { percentile } from './usage.ts'

/** Notifications sent, by webhook-id: time, and whether the trial judges them. */
export type Sent = Map<string, { atMs: number; judged: boolean }>

export type TrialResult = { p50Ms: number; p99Ms: number; missing: number }

const pollMs = 250

/**
 * Waits for the judged notifications, at most this long after the last was sent, and returns the times from publishing
 * to the first arrival. A missing one counts with the whole wait.
 */
export async function judge(sent: Sent, receiver: ReceiverProcess, limitMs: number): Promise<TrialResult> {
  const judged = [...sent.values()].filter((one) => one.judged).length
  const giveUpAtMs = clock.monotonicMs() + limitMs
  for (;;) {
    const latencies = await latenciesOf(sent, receiver)
    const missing = judged - latencies.length
    if (missing > 0 && clock.monotonicMs() < giveUpAtMs) {
      await clock.sleep(pollMs)
      continue
    }
    for (let i = 0; i < missing; i++) latencies.push(limitMs)
    return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), missing }
  }
}

async function latenciesOf(sent: Sent, receiver: ReceiverProcess): Promise<number[]> {
  const { arrivals } = await receiver.report()
  const seen = new Set<string>()
  const latencies: number[] = []
  for (const [id, atMs] of arrivals) {
    const one = sent.get(id)
    if (!one?.judged || seen.has(id)) continue
    seen.add(id)
    latencies.push(atMs - one.atMs)
  }
  return latencies
}
