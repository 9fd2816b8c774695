import { topics } from '../../services/topics/topic-map.ts'
import { judge } from './checks/judge.ts'
import { schedule } from './faults.ts'
import { SimulatedCluster } from './kafka/cluster.ts'
import { type Plan, type SimulatedService, services } from './plan.ts'
import { publish } from './publish.ts'
import { Receivers } from './receivers.ts'
import { SimulatedRegistry } from './registry.ts'
import { findUnrest } from './rest.ts'
import { ProcessEnded } from './services.ts'
import { Supervisor } from './supervisor.ts'
import { World } from './world.ts'

export type Run = {
  violations: string[]
  traceHash: string
  /** The trace, if it was asked for. */
  lines: string[]
  events: number
  requests: number
  endedAtMs: number
  /** Topic -> number of its records. */
  records: Record<string, number>
}

/** Virtual time within which everything must have come to rest. */
const longestMs = 7_200_000
/** Time between two looks whether everything has come to rest. */
const lookMs = 500
/** Time that goes on after that, in which nothing more may happen. */
const afterMs = 3_000

/** Runs the whole pipeline by a plan. The same plan gives the same run. */
export async function simulate(plan: Plan, { keepsTrace = false } = {}): Promise<Run> {
  const world = new World(plan.seed, keepsTrace)
  const violations: string[] = []
  const violation = (what: string) => {
    world.trace(`violation: ${what}`)
    if (violations.length < 20) violations.push(what)
  }
  const cluster = new SimulatedCluster(world, violation)
  cluster.weather.losesEarly = plan.losesEarly
  for (const { name, partitions } of Object.values(topics))
    cluster.createTopic(name, partitions === 'one' ? 1 : plan.partitions)
  const registry = new SimulatedRegistry(world)
  const receivers = new Receivers(cluster)
  const surroundings = { plan, cluster, registry, receivers }
  const published = publish(plan, surroundings, world)
  const supervisors = new Map<SimulatedService, Supervisor>(
    services.map((name) => {
      const onFault = (error: unknown) =>
        violation(`${name} ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      return [name, new Supervisor(world, name, surroundings, onFault)]
    }),
  )
  // In the order and at the time that chance says.
  for (const supervisor of supervisors.values()) world.after(world.random() * 2_000, () => supervisor.start())
  schedule(plan.faults, { ...surroundings, world, supervisors, editDefinition: published.editDefinition })

  const onRejection = (reason: unknown) => {
    if (!(reason instanceof ProcessEnded)) violation(`unhandled: ${reason instanceof Error ? reason.stack : reason}`)
  }
  process.on('unhandledRejection', onRejection)
  let restedAtMs = -1
  const endOfPlanMs = Math.max(
    0,
    ...plan.events.map(({ atMs }) => atMs),
    ...plan.faults.map(({ atMs, forMs }) => atMs + forMs),
  )
  const look = () => {
    if (world.elapsedMs > endOfPlanMs && findUnrest(cluster) === null) restedAtMs = world.elapsedMs
    else world.after(lookMs, look)
  }
  world.after(lookMs, look)
  try {
    await world.run(() => restedAtMs >= 0 && world.elapsedMs > restedAtMs + afterMs, longestMs)
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  if (restedAtMs < 0) violation(`nothing rests after ${longestMs} ms: ${findUnrest(cluster)}`)
  judge({ plan, cluster, receivers, published }, violation)
  const { lines, events } = world
  return {
    violations,
    traceHash: world.traceHash(),
    lines,
    events,
    requests: receivers.log.length,
    endedAtMs: world.elapsedMs,
    records: Object.fromEntries([...cluster.topics()].map((topic) => [topic, cluster.recordCount(topic)])),
  }
}
