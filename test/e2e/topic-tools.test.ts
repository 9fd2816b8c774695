import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { codeBlocks, readDocument, sectionOf } from '../support/documents.ts'
import { openKafkaTools } from '../support/kafka-tools.ts'
import { messageOf, publish } from '../support/load.ts'
import { lackOf, python } from '../support/python.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { openKafka, readTopic } from '../support/topic-reader.ts'

/**
 * The commands of docs/operating/topics-and-tools.md and README.md, unchanged except for the stack's prefix of topics,
 * and for the time after which Kafka's consumer expects no more records.
 */

const root = fileURLToPath(new URL('../../', import.meta.url))
/** On a busy machine Java takes several seconds to start, and as many until its consumer has its first record. */
const commandLimitMs = 180_000
const consumerLimitMs = 20_000
const blocks = shellBlocks(readDocument('docs/operating/topics-and-tools.md'))
const hasKcat = spawnSync('kcat', ['-V']).status === 0
const tools = await openKafkaTools()
const lacksTools = typeof tools === 'string' ? tools : null
if (!hasKcat) process.stdout.write('topics-and-tools.md with kcat is skipped: kcat is not installed\n')
if (lacksTools) process.stdout.write(`topics-and-tools.md with Kafka's console tools is skipped: ${lacksTools}\n`)

const lacksPython = lackOf('confluent_kafka.schema_registry.avro')
if (lacksPython) process.stdout.write(`topics-and-tools.md with Python is skipped: ${lacksPython}\n`)

const missing = lackOf('confluent_kafka.schema_registry.avro', 'matplotlib', 'polars')
const hasAnalytics = missing === null
if (!hasAnalytics) process.stdout.write(`deploy/analytics is skipped: ${missing}\n`)

let world: TestStack

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    extraEnv: { HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: '200' },
  })
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  if (typeof tools !== 'string') await tools[Symbol.asyncDispose]()
})

/** The sh blocks of a document, by their first line if it is a comment. */
function shellBlocks(document: string): Map<string, string> {
  const found = codeBlocks(document, 'sh').map((block) => /^# (.*)\n([\s\S]*)$/.exec(block))
  return new Map(found.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])))
}

/** Runs a block in the repository's folder. @returns its standard output. */
async function run(comment: RegExp): Promise<string> {
  const [, text] = [...blocks].find(([title]) => comment.test(title)) ?? []
  if (text === undefined)
    throw new Error(`the document has no block ${comment}; it has ${[...blocks.keys()].join(' | ')}`)
  const prefixed = text
    .replace(/(-t|--topic|tail) (webhook|account)-/g, `$1 ${world.stack.topicPrefix}$2-`)
    .replace(/--timeout-ms \d+/, `--timeout-ms ${consumerLimitMs}`)
  const env = {
    ...process.env,
    PATH: [typeof tools === 'string' ? '' : tools.folder, process.env.PATH].join(delimiter),
    BROKERS: inject('brokers').join(','),
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
  }
  const script = `set -euo pipefail\n${prefixed.replaceAll('http://127.0.0.1:9000', world.receiver.url)}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: root, env, timeout: commandLimitMs })
  return stdout
}

const definition = (id: string) => world.admin.http.get(`businesses/bakery/webhooks/${id}`, { throwHttpErrors: false })
const exists = async (id: string, should: boolean) => {
  const limitMs = systemClock.monotonicMs() + 60_000
  while (((await definition(id)).statusCode === 200) !== should && systemClock.monotonicMs() < limitMs)
    await systemClock.sleep(50)
  expect((await definition(id)).statusCode).toBe(should ? 200 : 404)
}

test.skipIf(!hasKcat)('kcat can define a webhook, watch its deliveries, read its attempts and delete it', async () => {
  await run(/define one/)
  await exists('kitchen', true)
  world.receiver.answer('/kitchen', { kind: 'status', status: 400 })
  await world.inForce()
  const time = '2026-03-01T12:00:00.000Z'
  const messages = [{ id: 'm1', date: time, from: 'user' as const, fromName: 'Ana', message: 'hola' }]
  const common = { chatPlatform: 'webchat', chatChannelId: 'web', contactId: 'ana', customerId: 'ana' }
  const times = { customerCreationTime: time, sessionCreationTime: time }
  const event = {
    type: 'message' as const,
    eventId: `e-${world.businessId}`,
    businessId: 'bakery',
    ...common,
    ...times,
  }
  await publish(world, [{ ...event, chatIdInChatPlatform: 'ana', messages }])
  await until(() => world.receiver.arrivals.some(({ path }) => path === '/kitchen'), 60_000, systemClock)

  const definitions = (await run(/Print every definition/)).split('\n').filter((line) => line.startsWith('kitchen '))
  expect(definitions[0]).toContain('"name":"Kitchen"')
  // Admin has completed the definition and encrypted what it has added.
  expect(definitions.at(-1)).toContain('"secret":"sealed:')

  // The outcome, and the health of its partition, are written soon after the answer.
  const printed = async () => {
    const text = await run(/Print the times and keys/)
    return [text.match(/^\d{13} kitchen partition \d offset \d$/gm)?.length, /^\S+ \d+ bytes$/m.test(text)]
  }
  await expect.poll(printed).toEqual([2, true])

  const decoded = await run(/The same, decoded/)
  expect(decoded).toMatch(/kitchen +\{.*"outcome":"error","cause":"4xx","status":400/)
  expect(decoded).toMatch(/kitchen +\{.*"reason":"refused"/)

  await run(/Delete the definition/)
  await exists('kitchen', false)
})

test.skipIf(lacksTools !== null)("Kafka's console tools can define, show and delete a webhook", async () => {
  const shown = await run(/Write a definition/)
  expect(shown).toMatch(/^oven\t\{"id":"oven".*"name":"Oven"/m)
  const env = {
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    HOOKLINE_TOPIC_PREFIX: world.stack.topicPrefix,
  }
  const args = ['tail', 'webhook-config', '--from', 'beginning', '--key', 'oven', '-o', 'json']
  const records = (await commandLine(env)(args)).out.trim().split('\n')
  // Written by hand, completed by admin, then the tombstone.
  expect(records.map((line) => (JSON.parse(line) as { value: object | null }).value)).toEqual([
    expect.objectContaining({ name: 'Oven' }),
    expect.objectContaining({ name: 'Oven', secret: '***' }),
    null,
  ])
  await exists('oven', false)
})

test.skipIf(lacksPython !== null)('Python reads and decodes attempts', async () => {
  await world.inForce()
  const [sample = ''] = codeBlocks(readDocument('docs/operating/topics-and-tools.md'), 'python')
  const local = { brokers: inject('brokers').join(','), schemaRegistryUrl: inject('schemaRegistryUrl') }
  const script = sample
    .replace('json.load(open(".hookline/local.json"))', `json.loads('${JSON.stringify(local)}')`)
    .replace('"webhook-attempts"', `"${world.stack.topicPrefix}webhook-attempts"`)
    .replace('"my-analytics"', `"${world.stack.topicPrefix}my-analytics"`)
  const child = spawn(python, ['-u', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let seen = ''
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  await until(() => seen.includes('\n'), 60_000, systemClock)
  expect(seen).toMatch(/^\S+ msg_\S+ 1 (success|error) \d{3}$/m)
})

test('the commands in README.md lead from a definition to a first notification', async () => {
  const section = codeBlocks(sectionOf(readDocument('README.md'), '## Your first webhook'), 'sh')
  const [define = '', publishing = ''] = section.filter((block) => block.startsWith('curl'))
  const env = {
    ...process.env,
    ADMIN: world.stack.service('admin').url,
    PRODUCER: world.stack.service('producer').url,
    AUTH: `authorization: Bearer ${world.token}`,
    JSON: 'content-type: application/json',
  }
  const shell = async (block: string) => {
    const script = `set -euo pipefail\n${block.replaceAll('http://127.0.0.1:9000', world.receiver.url)}`
    return (await promisify(execFile)('bash', ['-c', script], { cwd: root, env, timeout: commandLimitMs })).stdout
  }
  expect(await shell(define)).toMatch(/"secret":"whsec_/)
  await world.inForce()
  expect(await shell(publishing)).toBe('{"events":[{"eventId":"first-event","status":"accepted"}]}')
  const arrived = () => world.receiver.arrivals.filter(({ path }) => path === '/hook')
  await until(() => arrived().length > 0, 60_000, systemClock)
  expect(arrived().map(({ body }) => JSON.parse(body.toString()).messages[0].message)).toEqual(['Is the shop open?'])
})

test('the function for Node in docs/publishing.md publishes an event', async () => {
  const [sample = ''] = codeBlocks(readDocument('docs/publishing.md'), 'ts')
  const here = { brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') }
  const options = JSON.stringify({ ...here, topicPrefix: world.stack.topicPrefix })
  const script = sample.replace(/openPublisher\(\{.*\}\)/, `openPublisher(${options})`)
  expect(script).toContain(options)
  const args = ['--input-type=module-typescript', '--eval', script]
  await promisify(execFile)(process.execPath, args, { cwd: root, timeout: commandLimitMs })
  const topic = `${world.stack.topicPrefix}status-events`
  const records = await readTopic(openKafka(inject('brokers')), topic)
  expect(records.filter(({ value }) => value?.includes('from-node-1'))).toHaveLength(1)
})

test.skipIf(!hasAnalytics)('deploy/analytics counts and plots the attempts that the receiver saw', async () => {
  const channels = { '/quick': `${world.businessId}-quick`, '/slow': `${world.businessId}-slow` }
  const quick = await world.defineWebhook('/quick', [channels['/quick']])
  const slow = await world.defineWebhook('/slow', [channels['/slow']])
  world.receiver.answer('/slow', { kind: 'status', status: 200, delayMs: 300 })
  await world.inForce()
  const contacts = Array.from({ length: 10 }, (_unused, index) => `contact-${index}`)
  const lanes = contacts.map((contactId) => ({ channel: channels['/quick'], contactId }))
  lanes.push(...contacts.slice(5).map((contactId) => ({ channel: channels['/slow'], contactId })))
  const published = await publish(
    world,
    lanes.map((lane) => messageOf(lane, 0, world.businessId)),
  )
  expect((await world.arrived(published, 60_000)).missing).toEqual([])

  const folder = await mkdtemp(join(tmpdir(), 'hookline-analytics-'))
  try {
    const [chart, table] = [join(folder, 'latency.svg'), join(folder, 'attempts.parquet')]
    const args = ['deploy/analytics/attempts.py', '--json', '--since', '1h', '--chart', chart, '--parquet', table]
    // The webhook of the readiness check has some too.
    let rows: LatencyRow[] = []
    const isComplete = async () => {
      rows = (await latencyRows(args)).filter(({ webhookId }) => [quick.id, slow.id].includes(webhookId))
      return rows.reduce((sum, { attempts }) => sum + attempts, 0) === lanes.length
    }
    // An attempt is recorded after its answer.
    await until(isComplete, 60_000, systemClock)
    expect(rows).toMatchObject([
      { webhookId: quick.id, attempts: 10, good: 10 },
      { webhookId: slow.id, attempts: 5, good: 5 },
    ])
    expect(rows[1]?.responseP50Ms).toBeGreaterThanOrEqual(300)
    expect(rows[1]?.deliveredP99Ms).toBeGreaterThanOrEqual(rows[1]?.deliveredP50Ms ?? Number.POSITIVE_INFINITY)
    const svg = await readFile(chart, 'utf8')
    for (const text of [quick.id, slow.id, 'Delivery latency by webhook']) expect(svg).toContain(text)
    expect((await readFile(table)).subarray(0, 4).toString()).toBe('PAR1')
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Leaves the event loop free: the receiver in this process still answers. */
async function latencyRows(args: string[]): Promise<LatencyRow[]> {
  const env = {
    ...process.env,
    KAFKA_BROKERS: inject('brokers').join(','),
    SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
    HOOKLINE_TOPIC_PREFIX: world.stack.topicPrefix,
  }
  const { stdout } = await promisify(execFile)(python, args, { cwd: root, env, timeout: commandLimitMs })
  return JSON.parse(stdout) as LatencyRow[]
}

type LatencyRow = {
  webhookId: string
  attempts: number
  good: number
  responseP50Ms: number
  deliveredP50Ms: number
  deliveredP99Ms: number
}
