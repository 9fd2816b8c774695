import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const services = new URL('../../../../services/', import.meta.url).href

/** A service in which `error` happens in the background once it is told to stop, and which then needs a moment to end. */
const program = (happen: string, error: string) => `
  const { runService } = await import('${services}platform/runtime/service.ts')
  const { WaitAbandoned } = await import('${services}platform/runtime/retry-until.ts')
  const { formatterConfig } = await import('${services}formatter/config.ts')
  await runService('test', formatterConfig, async ({ stopRequested, clock, fail }) => {
    setImmediate(() => process.kill(process.pid, 'SIGTERM'))
    await stopRequested
    ${happen}(${error})
    await clock.sleep(50)
    process.stdout.write('drained')
  })
`

test.each([
  ['fail', 'new WaitAbandoned("no answer")', { code: 0, isDrained: true }],
  ['Promise.reject', 'new WaitAbandoned("no answer")', { code: 0, isDrained: true }],
  ['fail', 'new Error("broken")', { code: 1, isDrained: false }],
  ['Promise.reject', 'new Error("broken")', { code: 1, isDrained: false }],
])(
  'a process that stops ends because of faults, and not of what it has abandoned: %s %s',
  async (happen, error, end) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(happen, error)], {
      env: { KAFKA_BROKERS: '127.0.0.1:9', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const [code] = await once(child, 'close')
    expect({ code, isDrained: output.includes('drained') }, output).toEqual(end)
  },
)
