import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type CommandLine, commandLine } from '../support/command-line.ts'
import { messageOf, publish } from '../support/load.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

/** The operators' command line against running services, in the order of an operator's day. */

let world: TestStack
let webhooks: CommandLine
const variables = () => ({
  HOOKLINE_ADMIN_URL: world.stack.service('admin').url,
  HOOKLINE_TOKEN: world.token,
  HOOKLINE_BUSINESS: world.businessId,
  KAFKA_BROKERS: inject('brokers').join(','),
  SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
  HOOKLINE_TOPIC_PREFIX: world.stack.topicPrefix,
})

beforeAll(async () => {
  world = await startTestStack({ brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') })
  webhooks = commandLine(variables())
})

afterAll(() => world[Symbol.asyncDispose]())

const definitions = () => `# two webhooks of one business
name: Till
url: ${world.receiver.url}/till
timeoutMs: 30000
slowThresholdMs: 30000
channels: [${world.businessId}-shop]
headers:
  x-till: \${TILL_KEY}
---
name: Kitchen
url: ${world.receiver.url}/kitchen
channels: [${world.businessId}-kitchen, ${world.businessId}-door]
slowThresholdMs: 20000
`
const apply = (text: string, ...more: string[]) =>
  commandLine({ ...variables(), TILL_KEY: 'till-key-1' })(['apply', '-f', 'bakery.yaml', ...more], {
    files: { 'bakery.yaml': text },
  })

test('accounts activate switches webhooks on and says who did it', async () => {
  expect(await webhooks(['account', 'deactivate'])).toMatchObject({ exitCode: 0 })
  const ran = await webhooks(['account', 'activate', '-o', 'json'])
  expect(JSON.parse(ran.out)).toMatchObject({ webhooksEnabled: true, updatedBy: expect.any(String) })
  expect(await webhooks(['account', 'get'])).toMatchObject({ exitCode: 0, out: expect.stringContaining('activated') })
})

test('apply: a dry run ends with 3, creation shows the secrets, and a second run changes nothing', async () => {
  const dry = await apply(definitions(), '--dry-run')
  expect(dry).toMatchObject({ exitCode: 3, err: '' })
  expect(dry.out).toContain('+name: Till')
  expect(dry.out).toContain('would be created: Kitchen')
  expect((await webhooks(['list'])).out).toBe('no webhooks\n')

  const first = await apply(definitions())
  expect(first.exitCode, first.out + first.err).toBe(0)
  const secrets = [...first.out.matchAll(/secret, shown only once: (whsec_\S+)/g)].map(([, secret]) => secret ?? '')
  expect(secrets).toHaveLength(2)
  expect(first.out).not.toContain('till-key-1')
  world.receiver.expectSecrets('/till', [secrets[0] ?? ''])
  world.receiver.expectSecrets('/kitchen', [secrets[1] ?? ''])

  const again = await apply(definitions())
  expect(again.out).toMatch(/^unchanged: Till \(\S+\)\nunchanged: Kitchen \(\S+\)\n$/)
  expect(again.err).toMatch(/^stored header values, keys and client secrets are not compared/)
  expect(await apply(definitions(), '--dry-run')).toMatchObject({ exitCode: 0 })
})

test('apply shows the changed lines, and moves a channel from one webhook to another in either order', async () => {
  const changed = definitions()
    .replace('-shop]', `-shop, ${world.businessId}-door]`)
    .replace(`, ${world.businessId}-door]\nslow`, ']\nslow')
    .replace('slowThresholdMs: 20000', 'slowThresholdMs: 30000')
  const ran = await apply(changed)
  expect(ran.exitCode, ran.out + ran.err).toBe(0)
  expect(ran.out).toContain('-slowThresholdMs: 20000\n+slowThresholdMs: 30000\n')
  expect(ran.out).toMatch(/updated: Till .*\nupdated: Kitchen/)
  const till = JSON.parse((await webhooks(['get', 'Till', '-o', 'json'])).out)
  expect(till).toMatchObject({
    channels: expect.arrayContaining([`${world.businessId}-door`]),
    headers: { 'x-till': '***' },
  })
})

test('get prints YAML that apply takes unchanged', async () => {
  const got = await webhooks(['get', 'Kitchen', '--output', 'yaml'])
  expect(parse(got.out)).toMatchObject({ name: 'Kitchen', slowThresholdMs: 30000 })
  expect(await apply(got.out)).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^unchanged: Kitchen/),
    err: '',
  })
})

test('a refusal by the server is shown by field and ends with 1', async () => {
  const ran = await apply('name: Bad\nurl: ftp://x\nchannels: [some]\n')
  expect(ran.exitCode).toBe(1)
  expect(ran.out).toMatch(/failed: Bad: 422 Unprocessable Content: the body is not valid\n {2}url /)
})

test('disable and enable work, and a test requires a webhook that is on', async () => {
  expect(await webhooks(['disable', 'Till'])).toMatchObject({ exitCode: 0 })
  const refused = await webhooks(['test', 'Till'])
  expect(refused).toMatchObject({ exitCode: 1, err: '409 Conflict: the webhook is switched off\n' })
  expect(await webhooks(['enable', 'Till'])).toMatchObject({ exitCode: 0 })
  expect(await webhooks(['enable', 'Till'])).toMatchObject({ exitCode: 0, err: 'it is already on\n' })
  const tested = await webhooks(['test', 'Till', '--event', 'botMessages', '--platform', 'telegram', '-o', 'json'])
  expect(tested.exitCode, tested.err).toBe(0)
  const shown = JSON.parse(tested.out)
  expect(shown).toMatchObject({ outcome: 'success', request: { headers: { 'x-till': '***' } } })
  expect(JSON.parse(shown.request.body)).toMatchObject({ chatPlatform: 'telegram', messages: [{ from: 'bot' }] })
})

test('a webhook that is paused says so until it is resumed', async () => {
  const paused = await webhooks(['pause', 'Till', '-o', 'json'])
  expect(JSON.parse(paused.out)).toMatchObject({ paused: true, status: { state: 'paused' } })
  expect(await webhooks(['pause', 'Till'])).toMatchObject({ exitCode: 0, err: 'it is already paused\n' })
  const resumed = await webhooks(['resume', 'Till', '-o', 'json'])
  expect(JSON.parse(resumed.out)).toMatchObject({ paused: false, status: { pausedAt: null, keptUntil: null } })
})

test('replay sends again and waits for the end', async () => {
  await world.inForce()
  const event = messageOf({ channel: `${world.businessId}-shop`, contactId: 'ana' }, 0, world.businessId)
  await publish(world, [event])
  const arrivedAt = () => world.receiver.arrivals.filter(({ path }) => path === '/till')
  const before = arrivedAt().length
  await until(() => arrivedAt().length > before || arrivedAt().length > 1, 60_000, systemClock)
  const id = arrivedAt().at(-1)?.webhookId ?? ''
  const ran = await webhooks(['replay', 'Till', '--delivery', id, '-o', 'json'])
  expect(ran.exitCode, ran.err).toBe(0)
  expect(JSON.parse(ran.out)).toMatchObject({ count: 1, waiting: 0, outcomes: { success: 1 } })
  expect(ran.err).toMatch(/1 of 1 done; 1 success/)
  expect(await webhooks(['replay', 'Till'])).toMatchObject({ exitCode: 2 })
})

test('stats, attempts, errors, dead-letters, alerts and overview show what was sent', async () => {
  world.receiver.answer('/till', { kind: 'status', status: 400 })
  const event = messageOf({ channel: `${world.businessId}-shop`, contactId: 'eva' }, 0, world.businessId)
  await publish(world, [event])
  const asked = async (...args: string[]) => {
    const ran = await webhooks([...args, '-o', 'json'])
    expect(ran.exitCode, ran.err).toBe(0)
    return JSON.parse(ran.out) as never
  }
  let errors: unknown[] = []
  const hasError = async () => {
    errors = await asked('errors', 'Till')
    return errors.length > 0
  }
  await until(hasError, 60_000, systemClock)
  expect(errors).toMatchObject([{ cause: '4xx', status: 400, contactId: 'eva', attempt: 1 }])
  expect(await asked('attempts', 'Till', '--outcome', 'error', '--since', '1h')).toMatchObject([{ contactId: 'eva' }])
  // Dead letters and alerts come from other topics.
  const letters = () => asked('dead-letters', 'Till', '--limit', '1')
  await expect.poll(letters).toMatchObject([{ reason: 'refused', contactId: 'eva' }])
  expect(await asked('list')).toContainEqual(expect.objectContaining({ name: 'Till', status: expect.any(Object) }))

  const alerts = () => asked('alerts', 'Till')
  await expect.poll(alerts).toMatchObject([{ kind: 'giving-up', status: 400, webhookName: 'Till' }])
  expect((await webhooks(['alerts'])).out).toMatch(/AT +WEBHOOK.*\n.* Till +giving-up +400 /)
  await expect.poll(async () => (await webhooks(['overview'])).out).toMatch(/ Till +degraded +giving-up /)

  const stats = await webhooks(['stats', 'Till'])
  expect(stats).toMatchObject({ exitCode: 0, err: '' })
  // The live attempt, its replay, and the refused one; a test does not count.
  expect(stats.out).toMatch(/last hour +2 ok, 0 slow, 1 error, 0 rejected/)
  expect(stats.out).toMatch(/errors of the week +4xx: 1/)
  expect(stats.out).toMatch(/last 30 minutes +3 answers; fastest [\d.]+ ms/)
  expect((await webhooks(['errors', 'Till'])).out).toMatch(/AT +DELIVERY +ATTEMPT.*\n.* eva +4xx +400 /)
  world.receiver.answer('/till', { kind: 'status', status: 204 })
})

test('list without a business shows every business the token reaches', async () => {
  const everywhere = commandLine({ ...variables(), HOOKLINE_BUSINESS: '' })
  const listed = JSON.parse((await everywhere(['list', '-o', 'json'])).out) as { businessId: string; name: string }[]
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(['Till', 'Kitchen']))
  expect(await everywhere(['account', 'get'])).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('no business: set'),
  })
})

test('tail decodes Avro and JSON from any position, filters by key, and shows no secrets', async () => {
  const till = JSON.parse((await webhooks(['get', 'Till', '-o', 'json'])).out) as { id: string }
  const lines = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const attempts = await webhooks(['tail', 'webhook-attempts', '--from', 'beginning', '--key', till.id, '-o', 'json'])
  expect(attempts.exitCode, attempts.err).toBe(0)
  const replayed = lines(attempts.out).find(({ value }) => value.replayId !== null)
  expect(replayed).toMatchObject({
    key: till.id,
    value: {
      outcome: 'success',
      status: 204,
      startedAt: expect.stringMatching(/^20.*Z$/),
      replayId: expect.stringMatching(/^rpl_/),
    },
  })
  const deliveries = await webhooks(['tail', 'webhook-deliveries', '--from', '1h', '--key', till.id, '-o', 'json'])
  expect(JSON.parse(lines(deliveries.out)[0].value.body)).toMatchObject({ v: '1.1', type: 'message' })

  const config = await webhooks(['tail', 'webhook-config', '--from', '0', '--limit', '1', '-o', 'yaml'])
  expect(parse(config.out)).toMatchObject({ offset: 0, value: { secret: '***', channels: expect.any(Array) } })
  expect(config.out).not.toContain('sealed:')
  expect(lines((await webhooks(['tail', 'webhook-config', '--from', '-1', '-o', 'json'])).out)).toHaveLength(1)
  expect(await webhooks(['tail', 'webhook-config', '--from', 'end'])).toMatchObject({ exitCode: 0, out: '' })
  expect(await webhooks(['tail', 'nothing'])).toMatchObject({
    exitCode: 4,
    err: expect.stringContaining('existing topics: account-config'),
  })
})

test('tail --follow runs until it is interrupted', async () => {
  const ending = new AbortController()
  const kitchen = JSON.parse((await webhooks(['get', 'Kitchen', '-o', 'json'])).out) as { id: string }
  const records: { offset: number }[] = []
  const onOut = (text: string) => {
    records.push(JSON.parse(text) as { offset: number })
    // Existing records are shown first; then it follows.
    if (records.length === 1) void webhooks(['disable', kitchen.id])
    if (records.length === 2) ending.abort()
  }
  const args = ['tail', 'webhook-config', '--from', '-1', '--follow', '--output', 'json']
  expect(await webhooks(args, { interrupted: ending.signal, onOut })).toMatchObject({ exitCode: 0, err: '' })
  expect(records).toHaveLength(2)
  expect(records[1]).toMatchObject({ key: kitchen.id, value: { name: 'Kitchen', enabled: false } })
})

test('rotate shows the new secret once, delete removes the webhook, and another identity gets exit code 5', async () => {
  expect((await webhooks(['rotate-secret', 'Till'])).out).toMatch(/whsec_\S+ \(shown only once\)/)
  expect(await webhooks(['delete', 'Till', 'Kitchen'])).toMatchObject({ exitCode: 0 })
  expect(await webhooks(['get', 'Till'])).toMatchObject({ exitCode: 4 })
  const weak = await world.stack.token({ role: 'viewer', businessId: world.businessId })
  const viewer = commandLine({ ...variables(), HOOKLINE_TOKEN: weak, HOOKLINE_BUSINESS: '' })
  expect(await viewer(['list'])).toMatchObject({ exitCode: 5, err: expect.stringContaining('403 Forbidden') })
})

test('run by npm as a process, a verb writes only its results to standard output and ends with its exit code', () => {
  const bootstrap = fileURLToPath(new URL('../../deploy/local/tools/hookline.mjs', import.meta.url))
  const env = { ...process.env, ...variables() }
  const listed = spawnSync(process.execPath, [bootstrap, 'list', '-o', 'json'], { env, encoding: 'utf8' })
  expect(listed).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(listed.stdout)).toEqual([])
  const missing = spawnSync(process.execPath, [bootstrap, 'get', 'nothing'], { env, encoding: 'utf8' })
  expect(missing).toMatchObject({ status: 4, stdout: '' })
})
