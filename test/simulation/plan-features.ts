import { seeded } from '../support/simulation.ts'
import type { Fault, Plan, PlannedEvent, PlannedWebhook } from './plan.ts'

/** Longest time between the two statuses of a message. */
const longestBetweenMs = 3_000
const replaysBeginMs = 15_000
const replaysWithinMs = 35_000

/**
 * Gives webhooks of some seeds bufferSeconds or collapseStatuses, and orders replays of what has ended. Its chance is its
 * own, so that the plan of a seed is the same otherwise.
 */
export function addFeatures(plan: Plan): Plan {
  const random = seeded(plan.seed ^ 0x7e91)
  const chance = (share: number) => random() < share
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T
  const webhooks = plan.webhooks.map((webhook): PlannedWebhook => {
    const joins = chance(0.15) ? { bufferSeconds: pick([1, 2, 5]) } : {}
    const collapses = chance(0.15) ? { collapseStatuses: true } : {}
    return { ...webhook, ...joins, ...collapses }
  })
  const collapsing = new Set(webhooks.flatMap(({ channels, collapseStatuses }) => (collapseStatuses ? channels : [])))
  const events = plan.events.flatMap((event): PlannedEvent[] => {
    if (event.kind !== 'status' || !collapsing.has(event.channel)) return [event]
    const read = { ...event, id: `${event.id}r`, atMs: event.atMs + Math.floor(random() * longestBetweenMs) }
    return [event, { ...read, readOf: event.id }]
  })
  const replays = webhooks.flatMap(({ id }): Fault[] => {
    if (!chance(0.1)) return []
    const rate = { count: 1 + Math.floor(random() * 20), ratePerSecond: pick([0.5, 2, 50]) }
    return [{ kind: 'replay', webhook: id, ...rate, atMs: replaysBeginMs + random() * replaysWithinMs, forMs: 0 }]
  })
  return {
    ...plan,
    webhooks,
    events: events.sort((a, b) => a.atMs - b.atMs),
    faults: [...plan.faults, ...replays].sort((a, b) => a.atMs - b.atMs),
  }
}
