import { nowMs } from '../../clock.ts'
import type { QueryKey } from './staleness.ts'

/**
 * Refreshes a query at once, then not again until its rest time is over. All calls during that time become one refresh at
 * its end, so the last change is never missed.
 */
export function refresher(refresh: (key: QueryKey) => void): (key: QueryKey, restMs: number) => void {
  const restedAtMs = new Map<string, number>()
  const planned = new Set<string>()
  return (key, restMs) => {
    const name = key.join('\n')
    if (restMs === 0) return refresh(key)
    if (planned.has(name)) return
    const now = nowMs()
    const atMs = Math.min(restedAtMs.get(name) ?? now, now + restMs)
    const act = () => {
      planned.delete(name)
      restedAtMs.set(name, nowMs() + restMs)
      refresh(key)
    }
    if (atMs <= now) return act()
    planned.add(name)
    setTimeout(act, atMs - now)
  }
}
