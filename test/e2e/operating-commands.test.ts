import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { codeBlocks, readDocument, root } from '../support/documents.ts'
import { openKafkaTools } from '../support/kafka-tools.ts'
import { messageOf, publish } from '../support/load.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

/**
 * The commands of docs/operating/backup.md, secrets.md, scaling.md, personal-data.md and disaster.md, unchanged except
 * for the prefix of topics and groups.
 */

const hasKcat = spawnSync('kcat', ['-V']).status === 0
const tools = await openKafkaTools()
const lacksTools = typeof tools === 'string' ? tools : null
if (!hasKcat) process.stdout.write('backup.md and secrets.md are skipped: kcat is not installed\n')
if (lacksTools) process.stdout.write(`scaling.md is skipped: ${lacksTools}\n`)

let world: TestStack
let folder: string

beforeAll(async () => {
  const ring = `k1=${Buffer.alloc(32, 1).toString('base64')}`
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    services: ['producer', 'formatter', 'dispatcher', 'admin'],
    extraEnv: { HOOKLINE_KEY_RING: ring },
  })
  folder = await mkdtemp(join(tmpdir(), 'hookline-backup-'))
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  if (typeof tools !== 'string') await tools[Symbol.asyncDispose]()
})

/** Runs a block, in a folder of its own or in that of the repository. @returns its standard output. */
async function run(block: string, cwd = folder): Promise<string> {
  const { topicPrefix } = world.stack
  const prefixed = block
    .replaceAll('in webhook-config account-config;', `in ${topicPrefix}webhook-config ${topicPrefix}account-config;`)
    .replaceAll('-t webhook-config', `-t ${topicPrefix}webhook-config`)
    .replaceAll('--group dispatcher', `--group ${topicPrefix}dispatcher`)
  const env = {
    ...process.env,
    PATH: [typeof tools === 'string' ? '' : tools.folder, process.env.PATH].join(delimiter),
    BROKERS: inject('brokers').join(','),
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    HOOKLINE_TOPIC_PREFIX: topicPrefix,
    HOOKLINE_PARTITIONS: '4',
    HOOKLINE_ADMIN_URL: world.stack.service('admin').url,
    HOOKLINE_TOKEN: world.token,
    HOOKLINE_BUSINESS: world.businessId,
  }
  const script = `set -euo pipefail\n${prefixed}`
  return (await promisify(execFile)('bash', ['-c', script], { cwd, env, timeout: 180_000 })).stdout
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
    const limitMs = systemClock.monotonicMs() + 60_000
    while ((await read(kept.id)).statusCode !== 200 && systemClock.monotonicMs() < limitMs) await systemClock.sleep(100)
    expect((await read(kept.id)).body).toEqual(before)
  },
)

test.skipIf(!hasKcat)('the webhooks that still need a former key are listed', async () => {
  const [, listing = ''] = codeBlocks(readDocument('docs/operating/secrets.md').replaceAll(/^ {3}/gm, ''), 'sh')
  const { id } = await world.defineWebhook('/sealed', [`${world.businessId}-sealed`])
  expect((await run(listing)).split('\n')).toContain(id)
})

/** The commands that a document names within its text and tables. */
function inlineCommands(path: string): string[] {
  return [...readDocument(path).matchAll(/`(npm run [^`]+)`/g)].map(([, command = '']) => command)
}

/** Commands of disaster.md: what each prints, and how many requests it causes. */
const effects: [command: RegExp, prints: RegExp, requests: number][] = [
  [/^npm run topics -- apply$/, /topics and schemas are up to date/, 0],
  [/replay WEBHOOK --since 3d --outcome error$/, /notifications +1$/m, 1],
  [/replay WEBHOOK --since 6h$/, /notifications +2$/m, 2],
  [/^npm run stats -- rebuild/, /^done\./m, 0],
  [/rotate-secret WEBHOOK$/, /whsec_/, 0],
]

test('the commands against the loss of data do what disaster.md says', async () => {
  const channel = `${world.businessId}-lost`
  const { id } = await world.defineWebhook('/lost', [channel], { retryProfile: 'none' })
  await world.inForce()
  const requests = () => world.receiver.arrivals.filter(({ path }) => path === '/lost').length
  const send = async (number: number, status: number) => {
    world.receiver.answer('/lost', { kind: 'status', status })
    await publish(world, [messageOf({ channel, contactId: 'ana' }, number, world.businessId)])
    await until(() => requests() === number, 60_000, systemClock)
  }
  await send(1, 500)
  await send(2, 204)
  const path = `businesses/${world.businessId}/webhooks/${id}/attempts`
  const areRecorded = async () =>
    ((await world.admin.http(path).json()) as { attempts: object[] }).attempts.length === 2
  expect(await until(areRecorded, 60_000, systemClock)).toBe(true)

  let expected = 2
  for (const command of inlineCommands('docs/operating/disaster.md')) {
    const [, prints, more] = effects.find(([pattern]) => pattern.test(command)) ?? []
    if (!prints) throw new Error(`nothing is known of ${command}`)
    expect(await run(command.replace('WEBHOOK', id), fileURLToPath(root)), command).toMatch(prints)
    expected += more ?? 0
    await until(() => requests() >= expected, 60_000, systemClock)
    expect(requests(), command).toBe(expected)
  }
})

test("a person's records are found as personal-data.md says", async () => {
  const [search = ''] = codeBlocks(readDocument('docs/operating/personal-data.md'), 'sh')
  const lane = { channel: `${world.businessId}-person`, contactId: '5491155556666' }
  await publish(world, [messageOf(lane, 1, world.businessId)])
  expect(await run(search, fileURLToPath(root))).toContain(`${lane.channel}:5491155556666`)
})

test.skipIf(lacksTools !== null)('the lag of the dispatchers is listed by partition as scaling.md says', async () => {
  const [lag = ''] = codeBlocks(readDocument('docs/operating/scaling.md'), 'sh')
  expect(await run(lag)).toMatch(new RegExp(`${world.stack.topicPrefix}webhook-deliveries +0 `))
})
