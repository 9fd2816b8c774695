import type { SimulatedCluster } from './kafka/cluster.ts'
import type { Fault, SimulatedService } from './plan.ts'
import type { Receivers } from './receivers.ts'
import type { SimulatedRegistry } from './registry.ts'
import type { Supervisor } from './supervisor.ts'
import type { World } from './world.ts'

export type Faulty = {
  world: World
  cluster: SimulatedCluster
  registry: SimulatedRegistry
  receivers: Receivers
  supervisors: ReadonlyMap<SimulatedService, Supervisor>
  /** Writes the webhook's definition again, with another version. */
  editDefinition: (webhook: string) => void
  orderReplay: (order: Fault & { kind: 'replay' }) => void
}

/** Topics that Kafka compacts. */
const compacted = ['webhook-config', 'account-config', 'webhook-health', 'webhook-stats', 'webhook-dead-letter-counts']
/** Kafka leaves out the segment that is being written, so nothing is compacted sooner. */
const compactionLagMs = 20_000

/** Makes everything go wrong that the plan says, at its time. */
export function schedule(faults: readonly Fault[], faulty: Faulty): void {
  for (const fault of faults) faulty.world.after(fault.atMs, () => begin(fault, faulty))
}

function begin(fault: Fault, { world, cluster, registry, receivers, supervisors, ...orders }: Faulty): void {
  const { kind, forMs } = fault
  const supervisor = 'service' in fault ? supervisors.get(fault.service) : undefined
  switch (kind) {
    case 'kill':
      return supervisor?.kill(forMs)
    case 'stop':
      return supervisor?.stop(forMs)
    case 'pause':
      return supervisor?.pause(forMs)
    case 'clock':
      return supervisor?.setClock(fault.ms)
    case 'broker':
      return cluster.takeAway(fault.broker, forMs)
    case 'network': {
      const { lostShare, slowShare } = fault
      Object.assign(cluster.weather, { lostShare, slowShare })
      world.after(forMs, () => Object.assign(cluster.weather, { lostShare: 0, slowShare: 0.01 }))
      return
    }
    case 'forbidden':
      cluster.forbidden.add(fault.topic)
      world.after(forMs, () => cluster.forbidden.delete(fault.topic))
      return
    case 'registry':
      registry.isAway = true
      world.after(forMs, () => {
        registry.isAway = false
      })
      return
    case 'receiver':
      receivers.answering.set(fault.webhook, fault.answering)
      world.after(forMs, () => receivers.answering.delete(fault.webhook))
      return
    case 'compaction':
      for (const topic of compacted)
        for (const log of cluster.partitions(topic)) log.compact(world.nowMs - compactionLagMs)
      return
    case 'definition':
      return orders.editDefinition(fault.webhook)
    case 'replay':
      return orders.orderReplay(fault)
  }
}
