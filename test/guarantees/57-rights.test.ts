import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JvmPlatform } from '../../deploy/local/platform/jvm-platform.ts'
import { until } from '../../deploy/local/process/until.ts'
import { type ServiceName, serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type Program, programs } from '../../services/topics/rights.ts'
import { commandLine } from '../support/command-line.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type KafkaTools, openKafkaTools } from '../support/kafka-tools.ts'
import { openKafkajs } from '../support/kafkajs.ts'
import { messageOf, publish } from '../support/load.ts'
import { startOwnPlatform } from '../support/own-platform.ts'
import { grant, listGranted, readGranted } from '../support/secured/acl-bindings.ts'
import { loginWithAcls } from '../support/secured/broker-listeners.ts'
import {
  inRandomOrder,
  type RightOfService,
  roundsOf,
  runTool,
  type ToolEnd,
  takeFromServices,
  takeFromTool,
} from '../support/secured/one-right-less.ts'
import { spoiledPrefix, type ToolName, toolNames, toolUses } from '../support/secured/tool-uses.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { seeded } from '../support/simulation.ts'

/** Every program with its own user and the rights of services/topics/rights.ts, against Kafka's StandardAuthorizer. */

const kafkaTools = await openKafkaTools()
const lacking = typeof kafkaTools === 'string' ? kafkaTools : null
if (lacking) process.stdout.write(`rights in Kafka are not tested: ${lacking}\n`)

const root = fileURLToPath(new URL('../../', import.meta.url))
const prefix = 'rights-'
const arrivesWithinMs = 60_000
const passwords = Object.fromEntries(programs.map((program) => [program, randomBytes(12).toString('hex')]))

const seed = Number(process.env.HOOKLINE_SEED ?? systemClock.nowMs() % 1_000_000)
/** Ends of processes, in words. */
const ends: string[] = []

let platform: JvmPlatform
let world: TestStack

const signIn = (program: Program): NodeJS.ProcessEnv => ({
  KAFKA_BROKERS: platform.broker.addressOf('LOGIN'),
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: program,
  KAFKA_SASL_PASSWORD: passwords[program] ?? '',
  SCHEMA_REGISTRY_URL: platform.schemaRegistryUrl,
  HOOKLINE_TOPIC_PREFIX: prefix,
  HOOKLINE_PARTITIONS: '4',
})

beforeAll(async () => {
  if (lacking) return
  const progress = (line: string) => void process.stderr.write(`${line}\n`)
  platform = await startOwnPlatform({ progress }, loginWithAcls(passwords))
  const others = programs.filter((program) => program !== 'formatter')
  await grant(
    platform.brokers,
    others.flatMap((program) => listGranted(program, prefix)),
  )
  await runPrinted('formatter', kafkaTools as KafkaTools)
  world = await startTestStack({
    brokers: [platform.broker.addressOf('LOGIN')],
    schemaRegistryUrl: platform.schemaRegistryUrl,
    topicPrefix: prefix,
    envOf: signIn,
    progress: (line) => void (/ ended /.test(line) && ends.push(line)),
    extraEnv: { HOOKLINE_DISPATCHER_HEALTH_INTERVAL_MS: '200' },
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await platform?.stop()
  if (typeof kafkaTools !== 'string') await kafkaTools[Symbol.asyncDispose]()
})

/** Runs the output of `npm run topics -- acls` with Kafka's own tool. */
async function runPrinted(program: Program, { folder }: KafkaTools): Promise<void> {
  const env = { ...process.env, HOOKLINE_TOPIC_PREFIX: prefix }
  const command = [process.execPath, 'services/topics/command.ts', 'acls', program] as const
  const { stdout } = await promisify(execFile)(command[0], command.slice(1), { cwd: root, env })
  // The first listener requires no login.
  const script = stdout.replaceAll(' --command-config "$COMMAND_CONFIG"', '')
  const path = [folder, process.env.PATH].join(delimiter)
  await promisify(execFile)('bash', ['-euc', script], { env: { PATH: path, BOOTSTRAP: platform.brokers[0] ?? '' } })
}

const rightsOf = (program: ServiceName): RightOfService[] =>
  listGranted(program, prefix).map((right) => ({ ...right, program }))

/** Refusals of Kafka so far, from the log of its authorizer. */
async function refusals(): Promise<string[]> {
  const log = await readFile(join(platform.logDirectory, 'kafka.log'), 'utf8')
  return log.split('\n').filter((line) => line.includes('is Denied'))
}

test.skipIf(lacking)('kafka-acls.sh turns the printed commands into exactly the rights of the map', async () => {
  const found = await readGranted(platform.brokers, 'formatter')
  const line = (acl: object) => JSON.stringify(Object.entries(acl).sort())
  const expected = listGranted('formatter', prefix).map(({ acl }) => line(acl))
  expect(found.map(line).sort()).toEqual(expected.sort())
})

test.skipIf(lacking)('with the printed rights and no others, Kafka refuses nothing that the product does', async () => {
  const channelOf = (path: string) => `${world.businessId}${path}`
  const define = (path: string, more = {}) => world.defineWebhook(path, [channelOf(path)], more)
  const slow = await define('/slow', { rateLimitPerSecond: 1 })
  const failing = await define('/failing')
  world.receiver.answer('/failing', { kind: 'status', status: 503, headers: { 'retry-after': '120' } })
  const refusing = await define('/refusing')
  world.receiver.answer('/refusing', { kind: 'status', status: 400 })
  await define('/gone')
  world.receiver.answer('/gone', { kind: 'status', status: 410 })
  await world.inForce()
  for (const path of ['/slow', '/failing', '/refusing', '/gone']) {
    const numbers = Array.from({ length: 20 }, (_unused, number) => number)
    const lane = { channel: channelOf(path), contactId: 'ana' }
    await publish(
      world,
      numbers.map((number) => messageOf(lane, number, world.businessId)),
    )
  }
  const at = (path: string) => world.receiver.arrivals.filter((arrival) => arrival.path === path).length
  const all = () => at('/slow') >= 5 && at('/failing') >= 1 && at('/refusing') >= 20 && at('/gone') >= 1
  expect(await until(all, arrivesWithinMs, systemClock)).toBe(true)

  const own = (id: string) => `businesses/${world.businessId}/webhooks/${id}`
  const replay = { json: { deadLetters: true } }
  const { count } = await world.admin.http.post(`${own(refusing.id)}/replay`, replay).json<{ count: number }>()
  expect(await until(() => at('/refusing') >= 20 + count, arrivesWithinMs, systemClock)).toBe(true)
  await world.admin.http.post(`${own(slow.id)}/test`, { json: {} })
  for (const view of ['stats', 'attempts', 'dead-letters'])
    expect((await world.admin.http.get(`${own(failing.id)}/${view}`)).statusCode).toBe(200)
  expect((await world.admin.http.get(`businesses/${world.businessId}/audit`)).statusCode).toBe(200)

  const tail = await commandLine(signIn('tail'))([
    'tail',
    `${prefix}webhook-deliveries`,
    '--from',
    'beginning',
    '--key',
    slow.id,
  ])
  expect(tail).toMatchObject({ exitCode: 0, err: '', out: expect.stringContaining(slow.id) })
  const run = (program: Program, ...args: string[]) =>
    promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, ...signIn(program) } })
  const diff = await run('topics', 'services/topics/command.ts', 'diff')
  expect(diff.stdout).toBe('topics and schemas are up to date\n')
  const rebuild = ['services/stats-aggregator/rebuild/command.ts', 'rebuild', '--generation', '2']
  expect((await run('stats-rebuild', ...rebuild)).stdout).toContain('done.')
  expect(await refusals()).toEqual([])
})

test.skipIf(lacking)(
  'Kafka refuses what a program has no right to, and logs it where the test above looks',
  async () => {
    const { KAFKA_BROKERS = '', KAFKA_SASL_PASSWORD = '' } = signIn('producer')
    const sasl = { mechanism: 'plain', username: 'producer', password: KAFKA_SASL_PASSWORD } as const
    const admin = openKafkajs(KAFKA_BROKERS.split(','), { sasl }).admin()
    await admin.connect()
    const asked = admin.fetchTopicMetadata({ topics: [`${prefix}webhook-config`] })
    await expect(asked).rejects.toThrow(/authoriz/i)
    await admin.disconnect()
    expect(await refusals()).toContainEqual(expect.stringContaining('User:producer is Denied'))
  },
)

test.skipIf(lacking)(
  'a service without one of its rights names it and waits, loses nothing, and goes on once it has it',
  { timeout: caseTimeoutMs },
  async () => {
    const { id, path } = await world.defineWebhook('/walk', [`${world.businessId}/walk`])
    await world.inForce()
    const probe = {
      channel: `${world.businessId}/walk`,
      path,
      webhookPath: `businesses/${world.businessId}/webhooks/${id}`,
    }
    const endsBefore = ends.length
    const random = seeded(seed)
    const rounds = roundsOf(serviceNames.map((name) => inRandomOrder(rightsOf(name), random)))
    const wrong: string[] = []
    for (const round of sized(rounds, rounds.slice(0, 1)))
      wrong.push(...(await takeFromServices(world, platform.brokers, round, probe)))
    const own = ends.slice(endsBefore).filter((end) => !end.includes('exit code 0'))
    figure(
      57,
      `seed ${seed}: ${sized(rounds, rounds.slice(0, 1)).flat().length} rights of services taken away; not as it should be: ${wrong.length}${wrong.map((one) => ` (${one})`).join('')}, ended by themselves ${own.length}`,
    )
    expect(wrong).toEqual([])
    expect(own).toEqual([])
  },
)

test.skipIf(lacking)(
  'a tool without one of its rights ends and names it, unless it works without',
  { timeout: caseTimeoutMs },
  async () => {
    const tools = toolUses(platform.brokers, signIn, prefix)
    const env = { ...signIn('topics'), KAFKA_BROKERS: platform.brokers[0], KAFKA_SASL_MECHANISM: 'none' }
    const apply = {
      args: ['services/topics/command.ts', 'apply'],
      env: { ...env, HOOKLINE_TOPIC_PREFIX: spoiledPrefix },
    }
    expect((await runTool(apply)).code).toBe(0)
    await grant(platform.brokers, listGranted('topics', spoiledPrefix))
    const random = seeded(seed)
    const done: ToolEnd[] = []
    const walk = async (tool: ToolName) => {
      const rights = inRandomOrder(listGranted(tool, tools.prefixOf(tool)), random)
      for (const right of sized(rights, rights.slice(0, 1)))
        done.push(await takeFromTool(platform.brokers, right, await tools.commandFor(right)))
    }
    await Promise.all(toolNames.map(walk))
    const wrong = done.filter(({ isNamed, code, worksAgain }) => (!isNamed && code !== 0) || !worksAgain)
    const without = done.filter(({ isNamed, code }) => !isNamed && code === 0).length
    figure(
      57,
      `seed ${seed}: ${done.length} rights of tools taken away; ${without} were not needed, not named ${wrong.length}`,
    )
    expect(wrong).toEqual([])
  },
)
