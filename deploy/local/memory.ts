/**
 * What keeps a service's resident memory under 220 MB, for Node and for glibc's malloc; deploy/docker/Dockerfile and
 * docker-compose.yml set the same. Peaks of formatter and dispatcher while they work off 1,000,000 events: 187 and 197 MB
 * (`npm run bench -- footprint`); docs/decisions/0009-what-the-heap-costs.md has what others gave.
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

/**
 * Flags of Node for one service. Some 3 KB a delivery outlive the dispatcher's young generation: with V8's growth by 1.4 it
 * marked its whole heap after every third scavenge, which took a fifth of its CPU.
 */
export function flagsOf(service: string): string[] {
  return service === 'dispatcher' ? ['--heap-growing-percent=80'] : []
}

/** The environment with these on top. */
export function withMemoryLimits(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const nodeOptions = [env.NODE_OPTIONS ?? '', ...memoryVariables.nodeOptions].join(' ').trim()
  return { ...memoryVariables.malloc, ...env, NODE_OPTIONS: nodeOptions }
}
