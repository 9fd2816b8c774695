import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import { isJoined } from '../../services/domain/delivery/outcome.ts'
import { failUnlessAbandoned } from '../../services/platform/runtime/retry-until.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { judge } from './checks/judge.ts'
import { isSuperseded } from './checks/superseded.ts'
import { schedule } from './faults.ts'
import { SimulatedCluster } from './kafka/cluster.ts'
import { readAll } from './kafka/read-all.ts'
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
  /** Messages that were joined, statuses that were left out, and attempts of replays. */
  joined: number
  superseded: number
  replayed: number
}

/** Virtual time within which everything must have come to rest. */
const longestMs = 7_200_000
/** Time between two looks whether everything has come to rest. */
const lookMs = 500
/** Time that the run continues then. If something is written in it, such as a late attempt, it waits for rest again. */
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
  // Services start in the order and at the time that chance says.
  for (const supervisor of supervisors.values()) world.after(world.random() * 2_000, () => supervisor.start())
  schedule(plan.faults, { ...surroundings, ...published, world, supervisors })

  const onRejection = failUnlessAbandoned((reason) => {
    if (!(reason instanceof ProcessEnded)) violation(`unhandled: ${reason instanceof Error ? reason.stack : reason}`)
  })
  process.on('unhandledRejection', onRejection)
  let restedAtMs = -1
  const endOfPlanMs = Math.max(
    0,
    ...plan.events.map(({ atMs }) => atMs),
    ...plan.faults.map(({ atMs, forMs }) => atMs + forMs),
  )
  const look = () => {
    const rests = world.elapsedMs > endOfPlanMs && receivers.inFlight === 0 && findUnrest(cluster) === null
    if (!rests) restedAtMs = -1
    else if (restedAtMs < 0) restedAtMs = world.elapsedMs
    world.after(lookMs, look)
  }
  world.after(lookMs, look)
  try {
    await world.run(() => restedAtMs >= 0 && world.elapsedMs > restedAtMs + afterMs, longestMs)
  } catch (error) {
    // An unhandled rejection would end its process.
    onRejection(error)
  } finally {
    // Node reports unhandled rejections only once nothing is queued any more: after the last event of the run.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onRejection)
    for (const { current } of supervisors.values()) current?.end()
  }
  if (restedAtMs < 0) violation(`nothing rests after ${longestMs} ms: ${findUnrest(cluster)}`)
  judge({ plan, cluster, receivers, published }, violation)
  const { lines, events } = world
  const attempts = readAll<Attempt>(cluster, topics.webhookAttempts).map(({ value }) => value)
  return {
    violations,
    traceHash: world.traceHash(),
    lines,
    events,
    requests: receivers.log.length,
    endedAtMs: world.elapsedMs,
    joined: attempts.filter(isJoined).length,
    superseded: attempts.filter(isSuperseded).length,
    replayed: attempts.filter(({ replayId }) => replayId !== null).length,
    records: Object.fromEntries([...cluster.topics()].map((topic) => [topic, cluster.recordCount(topic)])),
  }
}
