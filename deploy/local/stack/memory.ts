/**
 * What keeps a service's resident memory under 220 MB, and its collector from taking more CPU than its work;
 * deploy/docker/Dockerfile and docker-compose.yml set the same. Peaks of formatter and dispatcher while they work off
 * 1,000,000 events: 189 and 203 MB (`npm run bench -- footprint`); docs/decisions/0009-what-the-heap-costs.md has what
 * others gave.
 */
export const memoryVariables = {
  nodeOptions: [
    // V8's young generation grows to 128 MB under load.
    '--max-semi-space-size=8',
    // V8 lets the old generation grow to four times what lives before it collects; by 1.4 where the heap may not be large.
    '--max-old-space-size=512',
  ],
  malloc: {
    // Freed buffers of fetches go back to the system instead of staying in arenas; sockets are read 64 KiB at a time.
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '32768',
    MALLOC_TRIM_THRESHOLD_: '131072',
  },
} as const

/** Of Node, for every service: they may not stand in NODE_OPTIONS. */
export const commonFlags = [
  // Threads that share the scavenges of so small a young generation cost more than they save.
  '--no-parallel-scavenge',
  // V8 took what waits for its answer for long-lived: 4 KB a delivery, garbage after 100 ms, went into the old generation at once.
  '--no-allocation-site-pretenuring',
]

/** Of Node, for one service. */
export function flagsOf(service: string): string[] {
  return [...commonFlags, ...ownFlagsOf(service)]
}

/**
 * On top, for the service with the most that waits: what outlives its young generation makes V8 mark the whole heap, which took
 * a third of a core.
 */
export function ownFlagsOf(service: string): string[] {
  return service === 'dispatcher' ? ['--heap-growing-percent=80', '--max-semi-space-size=16'] : []
}

/** The environment with these on top. */
export function withMemoryLimits(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const nodeOptions = [env.NODE_OPTIONS ?? '', ...memoryVariables.nodeOptions].join(' ').trim()
  return { ...memoryVariables.malloc, ...env, NODE_OPTIONS: nodeOptions }
}
