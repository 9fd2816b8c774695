import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openGuard } from '../../../../../deploy/local/process/guard.ts'
import { findFreePorts } from '../../../../../deploy/local/process/ports.ts'
import { until } from '../../../../../deploy/local/process/until.ts'
import { SupervisedService } from '../../../../../deploy/local/stack/stack-service.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'

const server = `
import { createServer } from 'node:http'
process.stdout.write('up\\n')
createServer((request, response) => {
  if (request.url === '/exit') process.exit(78)
  response.writeHead(204).end()
}).listen(Number(process.env.HOOKLINE_HTTP_PORT), process.env.HOOKLINE_HTTP_HOST)
`

let folder = ''
let progress: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-test-'))
  progress = []
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function startStub(source: string) {
  const script = join(folder, 'main.mjs')
  const logFile = join(folder, 'stub.log')
  await writeFile(script, source)
  const [port = 0] = await findFreePorts(1)
  const guard = openGuard(folder)
  const say = (line: string) => void progress.push(line)
  const options = { name: 'stub', args: () => [script], port, logFile, env: process.env, guard, progress: say }
  const service = await SupervisedService.start(options).catch((error: Error) => {
    guard.release()
    return error
  })
  if (service instanceof Error) throw service
  return {
    service,
    async [Symbol.asyncDispose]() {
      await service.stop(2_000)
      guard.release()
    },
  }
}

test('a killed service is started again at the same address', async () => {
  await using stub = await startStub(server)
  const { service } = stub
  const pids = [service.pid]
  for (const _ of [1, 2]) {
    service.kill('SIGKILL')
    await service.restarted()
    pids.push(service.pid)
  }

  expect(new Set(pids).size).toBe(3)
  expect(service.hasFailed).toBe(false)
  expect(await service.isReady()).toBe(true)
  expect(progress).toEqual(Array(2).fill(`stub was ended by SIGKILL; starting it again (its log: ${service.logFile})`))
})

test('a service that refuses its configuration is not started again', async () => {
  await using stub = await startStub(server)
  await fetch(`${stub.service.url}/exit`).catch(() => undefined)
  await until(() => progress.length > 0, 30_000, systemClock)

  expect(progress[0]).toContain('refuses its configuration')
  expect(stub.service.pid).toBeUndefined()
  expect(stub.service.hasFailed).toBe(true)
  expect(await readFile(stub.service.logFile, 'utf8')).toBe('up\n')
})

test('a service that was stopped is not started again', async () => {
  const stub = await startStub(server)
  await stub[Symbol.asyncDispose]()

  expect(progress).toEqual([])
  expect(stub.service.pid).toBeUndefined()
})

test('a service that does not start reports why', async () => {
  await expect(startStub('throw new Error("no such thing")')).rejects.toThrow(
    /^stub ended with exit code 1\. End of its log, [\s\S]*no such thing/,
  )
})
