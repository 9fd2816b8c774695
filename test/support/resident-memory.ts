import { systemClock } from '../../services/platform/runtime/clock.ts'

/** Resident memory of a service, by its metrics. */
async function residentBytes(serviceUrl: string): Promise<number> {
  const metrics = await (await fetch(`${serviceUrl}/metrics`)).text()
  return Number(/^process_resident_memory_bytes\S* (\S+)/m.exec(metrics)?.[1])
}

/** Looks at a service's memory five times a second while work is done. */
export async function measureGrowth<T>(
  serviceUrl: string,
  work: () => Promise<T>,
): Promise<{ result: T; growthBytes: number }> {
  const before = await residentBytes(serviceUrl)
  let peak = before
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      peak = Math.max(peak, await residentBytes(serviceUrl))
      await systemClock.sleep(200, over.signal)
    }
  })()
  try {
    const result = await work()
    return { result, growthBytes: peak - before }
  } finally {
    over.abort()
    await watching
  }
}
