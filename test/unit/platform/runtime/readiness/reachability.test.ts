import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { Reachability } from '../../../../../services/platform/runtime/readiness/reachability.ts'

const intervalMs = 1_000
const createLog = () => ({ warn: vi.fn(), info: vi.fn() })

test('a dependency is reported as unreachable by the check after its end, and as reachable again later', async () => {
  vi.useFakeTimers()
  try {
    const registry = new Registry()
    const log = createLog()
    let isGone = false
    const kafka = async () => {
      if (isGone) throw new Error('connection refused')
    }
    using _checks = new Reachability(registry, log, { kafka, registry: async () => undefined }, intervalMs)
    const reported = async () => (await registry.metrics()).match(/dependency="kafka"} (\d)/)?.[1]
    await vi.advanceTimersByTimeAsync(1)
    expect(await reported()).toBe('1')
    isGone = true
    await vi.advanceTimersByTimeAsync(intervalMs)
    expect(await reported()).toBe('0')
    expect(await registry.metrics()).toContain('dependency="registry"} 1')
    isGone = false
    await vi.advanceTimersByTimeAsync(intervalMs)
    expect(await reported()).toBe('1')
  } finally {
    vi.useRealTimers()
  }
})

test('a check that hangs is not begun a second time', async () => {
  vi.useFakeTimers()
  try {
    const check = vi.fn(() => new Promise<never>(() => {}))
    using _checks = new Reachability(new Registry(), createLog(), { kafka: check }, intervalMs)
    await vi.advanceTimersByTimeAsync(10 * intervalMs)
    expect(check).toHaveBeenCalledTimes(1)
  } finally {
    vi.useRealTimers()
  }
})

test('a dependency that is not reached is logged once with the reason, and so is its return', async () => {
  vi.useFakeTimers()
  try {
    const log = createLog()
    let isGone = true
    const registry = async () => {
      if (isGone) throw new Error('connection refused')
    }
    using _checks = new Reachability(new Registry(), log, { registry }, intervalMs)
    await vi.advanceTimersByTimeAsync(3 * intervalMs)
    isGone = false
    await vi.advanceTimersByTimeAsync(3 * intervalMs)
    const lost = [{ dependency: 'registry', reason: 'connection refused' }, 'dependency is not reached']
    expect(log.warn.mock.calls).toEqual([lost])
    expect(log.info.mock.calls).toEqual([[{ dependency: 'registry' }, 'dependency is reached again']])
  } finally {
    vi.useRealTimers()
  }
})
