/**
 * Settings that keep a service's resident memory under 220 MB without more CPU for the garbage collector than for its
 * work. deploy/docker/Dockerfile and docker-compose.yml have the same, but for the limit of the heap. Peaks of formatter
 * and dispatcher while they process 1,000,000 events: 189 and 203 MB (`npm run bench -- footprint`). Other settings and
 * their figures are in docs/decisions/0009-heap-settings.md.
 */
export const memoryVariables = {
  // Limits the young generation, which grows to 128 MB under load by default.
  youngGeneration: '--max-semi-space-size=8',
  // Limits the heap: by default V8 lets the old generation grow to four times what is alive before it collects, under
  // a small limit to 1.4 times.
  heap: '--max-old-space-size=512',
  // The same in a container, by its memory limit. The other half is for the young generation (up to 48 MB), for buffers
  // and for Node itself. With a limit beyond the container's, the kernel would kill the process before V8 collects.
  heapInContainer: '--max-old-space-size-percentage=50',
  malloc: {
    // Returns freed fetch buffers to the system instead of keeping them in arenas. Sockets are read 64 KiB at a time.
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '32768',
    MALLOC_TRIM_THRESHOLD_: '131072',
  },
} as const

/** Flags of Node for every service; NODE_OPTIONS does not accept them. */
export const commonFlags = [
  // Single-threaded scavenges: with so small a young generation, threads cost more than they save.
  '--no-parallel-scavenge',
  // Prevents early promotion: V8 moved data of waiting requests (4 KB a delivery, garbage after 100 ms) to the old
  // generation at once.
  '--no-allocation-site-pretenuring',
]

/** kafkajs sets a timer in the past, of which Node would warn. bootstrap.mjs has the same for all commands. */
export const kafkajsFlags = ['--disable-warning=TimeoutNegativeWarning']

/** Flags of Node for one service. */
export function flagsOf(service: string): string[] {
  return [...commonFlags, ...ownFlagsOf(service)]
}

/**
 * A larger young generation for the service with the most waiting data: survivors make V8 mark the whole heap, which
 * took a third of a core.
 */
export function ownFlagsOf(service: string): string[] {
  return service === 'dispatcher' ? ['--heap-growing-percent=80', '--max-semi-space-size=16'] : []
}

/** The environment with these settings added. */
export function withMemoryLimits(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { youngGeneration, heap, malloc } = memoryVariables
  const nodeOptions = [env.NODE_OPTIONS ?? '', youngGeneration, heap].join(' ').trim()
  return { ...malloc, ...env, NODE_OPTIONS: nodeOptions }
}
