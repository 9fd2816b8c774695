/** Fills a text with as many copies of an item as fit between a beginning and an end. */
export function filledTo(maxBytes: number, begin: string, item: (n: number) => string, end: string): string {
  const items: string[] = []
  let length = begin.length + end.length
  for (let n = 0; ; n++) {
    const next = item(n)
    length += next.length + 1
    if (length > maxBytes) return `${begin}${items.join(',')}${end}`
    items.push(next)
  }
}

/** Measures, for each turn of the event loop, its CPU time and the memory in addition to that before. */
export function watchTurns(): Disposable & { worst: () => { delayMs: number; megabytes: number } } {
  globalThis.gc?.()
  const memoryBytes = () => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  const startBytes = memoryBytes()
  let delayMs = 0
  let moreBytes = 0
  let isOver = false
  let before = process.threadCpuUsage()
  const measure = () => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    delayMs = Math.max(delayMs, (user + system) / 1_000)
    moreBytes = Math.max(moreBytes, memoryBytes() - startBytes)
  }
  const look = () => {
    measure()
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  return {
    worst() {
      // The turn in progress, in which the awaited answer may have arrived.
      measure()
      return { delayMs, megabytes: moreBytes / 1_048_576 }
    },
    [Symbol.dispose]: () => {
      isOver = true
    },
  }
}
