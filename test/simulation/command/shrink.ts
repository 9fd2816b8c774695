import type { Plan } from '../plan.ts'
import { type Run, simulate } from '../simulate.ts'

/** Maximum runs of one shrinking. */
const maxTries = 250

export type Shrunk = { plan: Plan; run: Run; tries: number }

/** Leaves faults and events out of a plan that fails, as long as it fails in the same way. */
export async function shrink(plan: Plan, failed: Run, run: (plan: Plan) => Promise<Run> = simulate): Promise<Shrunk> {
  const kind = kindOf(failed)
  let smallest: Shrunk = { plan, run: failed, tries: 0 }
  const attempt = async (candidate: Plan): Promise<boolean> => {
    smallest.tries++
    const result = await run(candidate)
    if (kindOf(result) !== kind) return false
    smallest = { plan: candidate, run: result, tries: smallest.tries }
    return true
  }
  for (const part of ['faults', 'events'] as const) {
    for (let size = Math.ceil(smallest.plan[part].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < smallest.plan[part].length && smallest.tries < maxTries; ) {
        const kept = smallest.plan[part].toSpliced(from, size)
        if (!(await attempt({ ...smallest.plan, [part]: kept }))) from += size
      }
    }
  }
  return smallest
}

/** The first violation without what names its place; empty when there is none. */
function kindOf({ violations: [first = ''] }: Run): string {
  return first.replace(/msg_\S+|\S*\d\S*/g, '')
}

/** Arguments of the command that runs a part of a seed's plan. */
export function argumentsOf({ seed, events, faults }: Plan, whole: Plan): string {
  const listed = <T>(kept: readonly T[], all: readonly T[]) =>
    all.flatMap((each, at) => (kept.includes(each) ? [at] : []))
  const only = <T>(name: string, kept: readonly T[], all: readonly T[]) =>
    kept.length === all.length ? '' : ` --${name} ${listed(kept, all).join(',') || 'none'}`
  return `--from ${seed} --seeds 1${only('faults', faults, whole.faults)}${only('events', events, whole.events)}`
}

/** The plan with the events and faults of these indexes only; undefined keeps all. */
export function part(
  whole: Plan,
  { events, faults }: { events?: string | undefined; faults?: string | undefined },
): Plan {
  const keep = <T>(all: T[], indexes: string | undefined) => {
    if (indexes === undefined) return all
    const kept = new Set(indexes.split(',').map(Number))
    return all.filter((_, at) => kept.has(at))
  }
  return { ...whole, events: keep(whole.events, events), faults: keep(whole.faults, faults) }
}
