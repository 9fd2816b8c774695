import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findFreePorts } from '../../../../../deploy/local/process/ports.ts'

const run = promisify(execFile)
const source = fileURLToPath(new URL('../../../../../deploy/local/process/ports.ts', import.meta.url))

test('ports that are found at the same time never meet, in one process or in two', async () => {
  const script = `const { findFreePorts } = await import(${JSON.stringify(source)})
    console.log(JSON.stringify(await findFreePorts(1000)))
    process.stdin.resume()`
  const other = run(process.execPath, ['--input-type=module', '-e', script])
  const mine = await Promise.all(Array.from({ length: 100 }, () => findFreePorts(10)))
  other.child.stdin?.end()
  const others = await other
  const ports = [...mine.flat(), ...(JSON.parse(others.stdout) as number[])]
  expect(ports).toHaveLength(2_000)
  expect(new Set(ports).size).toBe(2_000)
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(15_000)
    expect(port).toBeLessThan(32_000)
  }
})
