import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { memoryVariables, ownFlagsOf } from '../../../../deploy/local/stack/memory.ts'

/** The heap of a service in a container: the flags of the image, in a control group with the container's limit. */

const mebibyte = 2 ** 20
const limits: [service: string, limitMb: number][] = [
  ['dispatcher', 256],
  ['formatter', 256],
  ['admin', 384],
  ['admin', 1024],
]
/** Folder in which a control group with a memory limit can be made (cgroup v1 or v2), and the file of its limit. */
const group = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
].find(({ folder, limit }) => canMake(folder, limit))
if (!group) process.stdout.write('heap limits in containers are skipped: no control group can be made here\n')

test.skipIf(!group).each(limits)('%s in a container of %i MB limits its heap below that', (service, limitMb) => {
  const { youngGeneration, heapInContainer } = memoryVariables
  const print = 'process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))'
  const heapMb =
    Number(runLimited(limitMb, [...ownFlagsOf(service), '-e', print], [youngGeneration, heapInContainer])) / mebibyte
  // Half, and three semi-spaces. The rest is for buffers and Node itself, which take 60 MB and more.
  expect(heapMb).toBeGreaterThan(limitMb / 2)
  expect(heapMb).toBeLessThanOrEqual(limitMb / 2 + 3 * 16)
})

function canMake(folder: string, limit: string): boolean {
  const path = `${folder}/hookline-try-${process.pid}`
  try {
    mkdirSync(path)
    const hasLimit = existsSync(`${path}/${limit}`)
    rmdirSync(path)
    return hasLimit
  } catch {
    return false
  }
}

/** Runs Node in a control group with this limit. @returns its output. */
function runLimited(limitMb: number, args: string[], nodeOptions: string[]): string {
  const path = `${group?.folder}/hookline-heap-${process.pid}`
  mkdirSync(path)
  try {
    writeFileSync(`${path}/${group?.limit}`, String(limitMb * mebibyte))
    const join = `echo $$ > ${path}/cgroup.procs && exec "$0" "$@"`
    const env = { ...process.env, NODE_OPTIONS: nodeOptions.join(' ') }
    const { stdout, stderr, status } = spawnSync('sh', ['-c', join, process.execPath, ...args], {
      env,
      encoding: 'utf8',
    })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    return stdout
  } finally {
    rmdirSync(path)
  }
}
