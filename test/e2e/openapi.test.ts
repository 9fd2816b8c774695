import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { caseTimeoutMs } from '../support/guarantee-size.ts'
import { lackOf, python } from '../support/python.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

/**
 * Schemathesis makes requests from the OpenAPI documents, valid and invalid ones, and checks the answers against them.
 */

const missing = lackOf('schemathesis')
const isMissing = missing !== null
if (isMissing) process.stdout.write(`schemathesis against OpenAPI is skipped: ${missing}\n`)

/** Statuses that refuse what a schema forbids. 413: a list with too many items may be refused for its size first. */
const refusals = ['400', '401', '403', '404', '405', '406', '409', '413', '415', '422', '428', '429', '5xx']
const settings = `[checks.negative_data_rejection]\nexpected-statuses = ${JSON.stringify(refusals)}\n`

const leastCases = 20

let world: TestStack
/** Schemathesis writes its notes into the current folder. */
let folder: string

beforeAll(async () => {
  if (isMissing) return
  folder = await mkdtemp(join(tmpdir(), 'hookline-schemathesis-'))
  await writeFile(join(folder, 'schemathesis.toml'), settings)
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'admin'],
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  if (!isMissing) await rm(folder, { recursive: true, force: true })
})

test.skipIf(isMissing).each([
  ['admin', 5, 18],
  ['producer', 20, 8],
] as const)(
  'the answers of %s match its OpenAPI document',
  async (service, examples, limitSeconds) => {
    const url = `${world.stack.service(service).url}/openapi.json`
    const options = [
      `--max-examples=${examples}`,
      // A stream of changes does not end.
      '--exclude-path-regex=/changes$',
      // Rules that a schema cannot express are refused with 422: targets of URLs, foreign cursors, exclusive fields.
      '--exclude-checks=positive_data_acceptance',
      '--phases=coverage,fuzzing,stateful',
      '--generation-database=none',
      '--request-timeout=60',
      '--no-color',
    ]
    let cases = 0
    // On a busy machine there are too few requests within the usual time.
    for (const seconds of [limitSeconds, 10 * limitSeconds]) {
      const { code, output } = await schemathesis(url, [`--max-time=${seconds}`, ...options])
      if (code !== 0) process.stdout.write(output)
      expect(code).toBe(0)
      cases = Number(/(\d+) generated/.exec(output)?.[1])
      if (cases > leastCases) break
    }
    process.stdout.write(`schemathesis: ${cases} requests to ${service}, answered as its document says\n`)
    expect(cases).toBeGreaterThan(leastCases)
  },
  caseTimeoutMs,
)

async function schemathesis(url: string, options: string[]): Promise<{ code: number | null; output: string }> {
  const header = `Authorization: Bearer ${world.token}`
  const child = spawn(python, ['-m', 'schemathesis.cli', 'run', url, '-H', header, ...options], { cwd: folder })
  onTestFinished(() => void child.kill())
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}
