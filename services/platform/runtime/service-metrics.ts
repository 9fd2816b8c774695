import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { Gauge, type Registry } from './metrics.ts'
import type { Readiness } from './readiness/readiness.ts'
import { readVersion } from './version.ts'

/** Metrics that every service has, beside those of the Node process. */
export function createServiceMetrics(registry: Registry, readiness: Readiness): void {
  const registers = [registry]
  new Gauge({
    registers,
    name: 'hookline_build_info',
    help: 'Always 1; the labels say which version of Hookline runs on which version of Node',
    labelNames: ['version', 'node_version'],
  }).set({ version: readVersion(), node_version: process.versions.node }, 1)
  new Gauge({
    registers,
    name: 'hookline_ready',
    help: 'Whether /readyz answers 200',
    collect() {
      this.set(readiness.ready ? 1 : 0)
    },
  })
  new Gauge({
    registers,
    name: 'hookline_unread_records',
    help: 'Records of tables and tails that cannot be read, by topic, until a newer one of their key replaces them; /readyz names them',
    labelNames: ['topic'],
    collect() {
      this.reset()
      for (const [topic, { records }] of readiness.unread.topics()) this.set({ topic }, records)
    },
  })
  new Gauge({
    registers,
    name: 'hookline_heap_limit_bytes',
    help: 'Maximum of the old generation, the sum of nodejs_heap_space_size_used_bytes without the spaces new and new_large_object; beyond it the process ends',
  }).set(oldGenerationLimitBytes(getHeapStatistics().heap_size_limit, flagsOfNode()))
  new Gauge({
    registers,
    name: 'hookline_memory_limit_bytes',
    help: "Maximum of process_resident_memory_bytes: the container's limit, or else the memory of the machine",
  }).set(memoryLimitBytes(process.constrainedMemory(), totalmem()))
}

/** Semispaces that V8 adds to the limit of the heap, and the size of one without any flag. */
const semiSpaces = 3
const usualSemiSpaceMebibytes = 16
const bytesPerMebibyte = 1_048_576

/**
 * Limit of V8's old generation. The young one is empty again after each of its collections, so with it in the
 * denominator a process of a small heap would end before its share came near 1.
 * @param limitBytes heap_size_limit, which includes the young generation.
 * @param flags of Node; the last of a kind counts.
 */
export function oldGenerationLimitBytes(limitBytes: number, flags: string[]): number {
  const own = findMebibytes(flags, /^--max[-_]old[-_]space[-_]size=(\d+)$/)
  if (own !== null) return own * bytesPerMebibyte
  const semiSpace = findMebibytes(flags, /^--max[-_]semi[-_]space[-_]size=(\d+)$/) ?? usualSemiSpaceMebibytes
  return limitBytes - semiSpaces * semiSpace * bytesPerMebibyte
}

function findMebibytes(flags: string[], pattern: RegExp): number | null {
  const last = flags.findLast((flag) => pattern.test(flag))
  return last === undefined ? null : Number(pattern.exec(last)?.[1])
}

/** Flags of the environment and of the command line, which come last. */
function flagsOfNode(): string[] {
  return [...(process.env.NODE_OPTIONS ?? '').split(' '), ...process.execArgv]
}

/** @param constrainedBytes limit of the control group; without one, 0 or more than the machine has. */
export function memoryLimitBytes(constrainedBytes: number, machineBytes: number): number {
  return constrainedBytes > 0 ? Math.min(constrainedBytes, machineBytes) : machineBytes
}
