import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { planOf } from '../plan.ts'
import { simulate } from '../simulate.ts'
import { part } from './shrink.ts'
import type { SeedResult } from './worker.ts'

/** npm run simulate: the whole pipeline under a simulated Kafka, seed by seed (docs/simulation.md). */

const usage = `usage: npm run simulate -- [--seeds <count>] [--from <seed>] [--workers <count>]
       npm run simulate -- --from <seed> --seeds 1 [--faults <indexes>] [--events <indexes>] [--trace]

  --seeds     number of seeds, 1000 by default
  --from      the first seed, 1 by default
  --workers   number of threads; by default one for each core
  --faults    keeps only these faults of the seed: indexes from 0, separated by commas, or none
  --events    keeps only these events
  --trace     prints everything that happened
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    faults: { type: 'string' },
    events: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [seeds, from, workers] = [values.seeds, values.from, values.workers].map(Number) as [number, number, number]
const isUsable = [seeds, workers].every((count) => Number.isInteger(count) && count > 0) && Number.isInteger(from)

if (values.help || !isUsable) {
  process.stdout.write(usage)
  process.exitCode = values.help ? 0 : 64
} else if (values.trace || values.faults !== undefined || values.events !== undefined) await runOne()
else await runAll()

async function runOne(): Promise<void> {
  const { lines, violations, traceHash } = await simulate(part(planOf(from), values), { keepsTrace: values.trace })
  for (const line of lines) process.stdout.write(line)
  for (const violation of violations) process.stdout.write(`violation: ${violation}\n`)
  process.stdout.write(`seed ${from}: ${violations.length} violations, trace ${traceHash}\n`)
  process.exitCode = violations.length === 0 ? 0 : 1
}

async function runAll(): Promise<void> {
  let next = from
  let [done, failed, events, requests] = [0, 0, 0, 0]
  const beganMs = performance.now()
  const seconds = () => ((performance.now() - beganMs) / 1_000).toFixed(0)
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url))
      const give = () => {
        if (next < from + seeds) return worker.postMessage(next++)
        void worker.terminate()
        resolve()
      }
      worker.on('error', reject)
      worker.on('message', (result: SeedResult) => {
        done++
        events += result.events
        requests += result.requests
        if (result.problem !== null) {
          failed++
          process.stdout.write(`${result.problem}\n\n`)
        }
        if (done % 1_000 === 0) process.stderr.write(`${done} seeds, ${failed} failed, ${seconds()} s\n`)
        give()
      })
      give()
    })
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, work))
  process.stdout.write(
    `${done} seeds from ${from}: ${failed} failed; ${events} events of the virtual clock, ${requests} requests, ${seconds()} s\n`,
  )
  process.exitCode = failed === 0 ? 0 : 1
}
