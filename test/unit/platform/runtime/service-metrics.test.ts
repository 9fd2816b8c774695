import { spawnSync } from 'node:child_process'
import { totalmem } from 'node:os'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import {
  createServiceMetrics,
  memoryLimitBytes,
  oldGenerationLimitBytes,
} from '../../../../services/platform/runtime/service-metrics.ts'
import { readVersion } from '../../../../services/platform/runtime/version.ts'

const mebibyte = 1_048_576

test('the metrics of each service say whether it is ready at the moment of the scrape', async () => {
  const registry = new Registry()
  const readiness = new Readiness()
  createServiceMetrics(registry, readiness)
  expect(await registry.metrics()).toMatch(/^hookline_ready 1$/m)
  readiness.set('kafka', 'gone')
  expect(await registry.metrics()).toMatch(/^hookline_ready 0$/m)
})

test('the metrics of each service name its version and that of Node', async () => {
  const registry = new Registry()
  createServiceMetrics(registry, new Readiness())
  const labels = `version="${readVersion()}",node_version="${process.versions.node}"`
  expect(await registry.metrics()).toContain(`hookline_build_info{${labels}} 1\n`)
})

test.each([
  ['of a container', 512 * mebibyte, 512 * mebibyte],
  ['beyond what the machine has, which stands for none,', 2 ** 60, 8_192 * mebibyte],
  ['of 0, which stands for none,', 0, 8_192 * mebibyte],
])('a memory limit %s is compared with the memory of the machine', (_what, constrainedBytes, expectedBytes) => {
  expect(memoryLimitBytes(constrainedBytes, 8_192 * mebibyte)).toBe(expectedBytes)
})

test.each([
  ['by its own flag', ['--max-old-space-size=128', '--max-old-space-size=512', '--max-semi-space-size=8'], 512],
  ['as a share of the memory', ['--max-old-space-size-percentage=1', '--max-semi-space-size=8'], null],
  ['by the flags of another young generation', ['--max-old-space-size-percentage=1', '--max-semi-space-size=1'], null],
])('the limit of the old generation is known when it is given %s', (_how, flags, expected) => {
  const script = 'console.log(JSON.stringify([v8.getHeapStatistics().heap_size_limit, process.constrainedMemory()]))'
  const { stdout } = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8', env: {} })
  const [limitBytes, constrainedBytes] = JSON.parse(stdout) as [number, number]
  const onePercent = memoryLimitBytes(constrainedBytes, totalmem()) / 100 / mebibyte
  const found = oldGenerationLimitBytes(limitBytes, flags) / mebibyte
  expect(Math.abs(found - (expected ?? onePercent))).toBeLessThan(2)
})
