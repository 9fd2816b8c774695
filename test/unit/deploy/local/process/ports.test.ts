import { expect, test } from 'vitest'
import { findFreePorts } from '../../../../../deploy/local/process/ports.ts'

test('the ports of processes with successive ids never meet', async () => {
  const ports = await findFreePorts(50)
  expect(new Set(ports).size).toBe(50)
  expect(new Set(ports.map((port) => (port - 15_000) % 64))).toEqual(new Set([process.pid % 64]))
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(15_000)
    expect(port).toBeLessThan(32_000)
  }
})
