import { parentPort } from 'node:worker_threads'
import { planOf } from '../plan.ts'
import { simulate } from '../simulate.ts'
import { report } from './report.ts'
import { shrink } from './shrink.ts'

/** Result of one seed. problem: null if the run is right. */
export type SeedResult = { seed: number; events: number; requests: number; problem: string | null }

/** Runs the seeds that come as messages, one at a time. */
parentPort?.on('message', async (seed: number) => {
  const plan = planOf(seed)
  const run = await simulate(plan)
  const { events, requests } = run
  const problem = run.violations.length === 0 ? null : report(plan, await shrink(plan, run))
  parentPort?.postMessage({ seed, events, requests, problem } satisfies SeedResult)
})
