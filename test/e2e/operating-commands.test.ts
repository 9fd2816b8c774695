import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

/** The commands of docs/operating/backup.md and secrets.md, unchanged except for the prefix of topics. */

const hasKcat = spawnSync('kcat', ['-V']).status === 0
if (!hasKcat) process.stdout.write('backup.md and secrets.md are skipped: kcat is not installed\n')

let world: TestStack
let folder: string

beforeAll(async () => {
  const ring = `k1=${Buffer.alloc(32, 1).toString('base64')}`
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['admin'],
    extraEnv: { HOOKLINE_KEY_RING: ring },
  })
  folder = await mkdtemp(join(tmpdir(), 'hookline-backup-'))
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a block in a folder of its own. @returns its standard output. */
async function run(block: string): Promise<string> {
  const { topicPrefix } = world.stack
  const prefixed = block
    .replaceAll('in webhook-config account-config;', `in ${topicPrefix}webhook-config ${topicPrefix}account-config;`)
    .replaceAll('-t webhook-config', `-t ${topicPrefix}webhook-config`)
  const env = { ...process.env, BROKERS: inject('brokers').join(',') }
  const script = `set -euo pipefail\n${prefixed}`
  return (await promisify(execFile)('bash', ['-c', script], { cwd: folder, env, timeout: 60_000 })).stdout
}

test.skipIf(!hasKcat)(
  'a webhook that was deleted is there again, with its secret, after the backup is restored',
  async () => {
    const [backUp = '', restore = ''] = codeBlocks(readDocument('docs/operating/backup.md'), 'sh')
    const kept = await world.defineWebhook('/kept', [`${world.businessId}-kept`], { headers: { 'x-key': 'a value' } })
    const other = await world.defineWebhook('/other', [`${world.businessId}-other`])
    const path = (id: string) => `businesses/${world.businessId}/webhooks/${id}`
    const read = (id: string) => world.admin.http.get(path(id), { throwHttpErrors: false })
    await world.admin.http.delete(path(other.id), {
      headers: { 'if-match': String((await read(other.id)).headers.etag) },
    })
    const before = (await read(kept.id)).body

    await run(backUp)
    const lines = (await readFile(join(folder, `${world.stack.topicPrefix}webhook-config.backup`), 'utf8'))
      .trim()
      .split('\n')
    expect(lines.map((line) => line.split('\t')[0])).toEqual([kept.id])
    expect(lines[0]).toMatch(/"secret":"sealed:v1:k1:/)

    await world.admin.http.delete(path(kept.id), {
      headers: { 'if-match': String((await read(kept.id)).headers.etag) },
    })
    expect((await read(kept.id)).statusCode).toBe(404)
    await run(restore)
    const limitMs = systemClock.monotonicMs() + 20_000
    while ((await read(kept.id)).statusCode !== 200 && systemClock.monotonicMs() < limitMs) await systemClock.sleep(100)
    expect((await read(kept.id)).body).toEqual(before)
  },
)

test.skipIf(!hasKcat)('the webhooks that still need a former key are listed', async () => {
  const [, listing = ''] = codeBlocks(readDocument('docs/operating/secrets.md').replaceAll(/^ {3}/gm, ''), 'sh')
  const { id } = await world.defineWebhook('/sealed', [`${world.businessId}-sealed`])
  expect((await run(listing)).split('\n')).toContain(id)
})
