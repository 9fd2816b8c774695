import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { Gauge, type Registry } from './metrics.ts'
import type { Readiness } from './readiness.ts'
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
    help: 'Maximum of nodejs_heap_size_used_bytes (--max-old-space-size and the young generation); beyond it the process ends',
  }).set(getHeapStatistics().heap_size_limit)
  new Gauge({
    registers,
    name: 'hookline_memory_limit_bytes',
    help: "Maximum of process_resident_memory_bytes: the container's limit, or else the memory of the machine",
  }).set(memoryLimitBytes(process.constrainedMemory(), totalmem()))
}

/** @param constrainedBytes limit of the control group; without one, 0 or more than the machine has. */
export function memoryLimitBytes(constrainedBytes: number, machineBytes: number): number {
  return constrainedBytes > 0 ? Math.min(constrainedBytes, machineBytes) : machineBytes
}
