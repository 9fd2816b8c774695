import type { Plan } from '../plan.ts'
import { argumentsOf, type Shrunk } from './shrink.ts'

/** Report on a seed that failed: the smallest plan that fails alike, and how to run it again. */
export function report(whole: Plan, { plan, run, tries }: Shrunk): string {
  const { webhooks, events, faults, seed: _seed, ...limits } = plan
  return [
    `seed ${plan.seed} fails with ${faults.length} of ${whole.faults.length} faults and ${events.length} of ${whole.events.length} events (${tries} runs):`,
    ...run.violations.map((violation) => `  ${violation}`),
    `  limits: ${JSON.stringify(limits)}`,
    ...webhooks.map((webhook) => `  webhook ${JSON.stringify(webhook)}`),
    ...faults.map((fault) => `  fault ${JSON.stringify(fault)}`),
    ...events.slice(0, 20).map((event) => `  event ${JSON.stringify(event)}`),
    'again, with its trace:',
    `  npm run simulate -- ${argumentsOf(plan, whole)} --trace`,
  ].join('\n')
}
