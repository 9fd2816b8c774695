import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { NotificationPage } from '../../services/domain/api/notifications.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type Operation, readOperations } from '../support/api-operations.ts'
import { type WalkOptions, walkApi } from '../support/api-walk.ts'
import { type CommandLine, commandLine } from '../support/command-line.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { messageTexts } from '../support/event-fields.ts'
import { publish } from '../support/load.ts'
import { startTestStack, type TestStack, type TestWebhook } from '../support/services.ts'

// A text that nobody else writes stands in every field of the events that says something about a person.

const canary = 'canario'
/** Stands in the query of the webhook's URL. */
const urlToken = 'ficha-5f2c'
const refusing = `/refuses?token=${urlToken}`
const text = (field: string) => `${canary}-${field}`
/** Ends like a telephone number, which may be shown. */
const contactId = `${canary}-5491155550212`
const patience = { timeout: 60_000, interval: 100 }
const everything = ['webhooks:read', 'webhooks:write', 'account:write', 'operations:write', 'events:write']

let world: TestStack
let adminUrl: string
let operations: Operation[]
let options: Omit<WalkOptions, 'headers'>
let webhooks: CommandLine
let refuses: TestWebhook
let fine: TestWebhook

function said(chatChannelId: string, number = 0): HttpEvent {
  const time = new Date(systemClock.nowMs()).toISOString()
  const texts = Object.fromEntries(messageTexts.map((field) => [field, text(field)]))
  const authors = (['user', 'bot', 'operator'] as const).map((from) => ({
    ...texts,
    id: `${from}-1`,
    date: time,
    from,
  }))
  return {
    ...base(chatChannelId, `message-${number}`),
    chatIdInChatPlatform: text('chatId'),
    type: 'message',
    firstName: text('firstName'),
    lastName: text('lastName'),
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: authors,
    variables: { name: text('variable') },
  }
}

function read(chatChannelId: string): HttpEvent {
  const statusChangeTime = new Date(systemClock.nowMs()).toISOString()
  const what = { status: 'read' as const, statusChangeTime, messageId: 'bot-1', clientPayload: text('clientPayload') }
  return { ...base(chatChannelId, 'status-0'), type: 'status', ...what }
}

function base(chatChannelId: string, id: string) {
  const ids = {
    eventId: `${id}-of-${chatChannelId}`,
    businessId: world.businessId,
    contactId,
    customerId: text('customerId'),
  }
  return { ...ids, chatPlatform: 'webchat', chatChannelId }
}

const of = async <T>(path: string) => world.admin.http.get(`businesses/${world.businessId}/${path}`).json<T>()
const find = async () => (await of<NotificationPage>(`notifications?q=${canary}`)).notifications

beforeAll(async () => {
  world = await startTestStack({ brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') })
  adminUrl = world.stack.service('admin').url
  const { token: HOOKLINE_TOKEN, businessId: HOOKLINE_BUSINESS } = world
  webhooks = commandLine({ HOOKLINE_ADMIN_URL: adminUrl, HOOKLINE_TOKEN, HOOKLINE_BUSINESS })
  // Receivers answer with what they were sent.
  const echo =
    (status: number) =>
    ({ body }: { body: Buffer }) =>
      ({ kind: 'status', status, body: `${text('answer')} ${body}` }) as const
  world.receiver.answer(refusing, echo(400))
  world.receiver.answer('/fails', echo(500))
  refuses = await world.defineWebhook(refusing, ['refused'], { name: 'Refuses', retryProfile: 'none' })
  await world.defineWebhook('/fails', ['failing'])
  fine = await world.defineWebhook('/fine', ['fine'])
  await world.inForce()
  await publish(
    world,
    ['refused', 'failing', 'nobody'].flatMap((channel) => [said(channel), read(channel)]),
  )
  const settled = async () =>
    (await find()).map(({ fate }) => fate).filter((fate) => fate === 'givenUp' || fate === 'notSent')
  await vi.waitFor(async () => expect(await settled()).toHaveLength(4), patience)
  const errors = () => of<{ errors: object[] }>(`webhooks/${refuses.id}/errors`)
  await vi.waitFor(async () => expect((await errors()).errors).toHaveLength(2), patience)
  const attemptIds = async () =>
    (await of<{ attempts: { id: string }[] }>(`webhooks/${refuses.id}/attempts`)).attempts.map(({ id }) => id)
  await vi.waitFor(async () => expect(await attemptIds()).toHaveLength(2), patience)
  const replay = await world.admin.http
    .post(`businesses/${world.businessId}/webhooks/${refuses.id}/replay`, { json: { deadLetters: true } })
    .json<{ replayId: string }>()
  operations = await readOperations(adminUrl)
  const draft = { name: 'Draft', url: world.receiver.url + refusing, channels: ['of-nobody'] }
  options = {
    targets: {
      businessId: [world.businessId],
      id: [refuses.id],
      attemptId: await attemptIds(),
      notificationId: (await find()).map(({ id }) => id),
      replayId: [replay.replayId],
    },
    queries: {
      findNotifications: [contactId, '0212', 'message-0-of-refused', 'status-0-of-nobody', canary].map(
        (q) => `?q=${q}`,
      ),
      listNewDeliveries: ['', `?cursor=${Buffer.from('0').toString('base64url')}`],
      getSample: ['?event=userMessages'],
      exportAttempts: ['?format=csv', '?format=ndjson'],
      exportDeadLetters: ['?format=csv', '?format=ndjson'],
    },
    bodies: {
      testDraft: { definition: draft },
      createWebhook: { ...draft, name: 'Another' },
      patchWebhook: { name: 'Changed' },
      replay: { deadLetters: true },
      replayUnread: { topic: 'message-events', since: '2026-01-01T00:00:00Z' },
      putAccount: { webhooksEnabled: true },
    },
    streams: { followChanges: /event: (stats|health)/ },
  }
})

afterAll(() => world?.[Symbol.asyncDispose]())

async function walk(permissions: string[], walked: readonly Operation[]) {
  const token = await world.stack.token({ role: 'support', permissions, businessId: '*' })
  // Statistics change only while something is sent.
  let number = 1
  const publishing = setInterval(() => void publish(world, [said('refused', number++)]), 500)
  try {
    return await walkApi(adminUrl, walked, { ...options, headers: { authorization: `Bearer ${token}` } })
  } finally {
    clearInterval(publishing)
  }
}

test('every operation that shows what people write is known, and shows it to those who may read bodies', async () => {
  const reading = operations.filter(({ method, operationId }) => method === 'GET' || operationId.startsWith('test'))
  const answers = await walk([...everything, 'webhooks:bodies'], reading)
  const showing = new Set(answers.filter((one) => one.text.includes(canary)).map(({ operationId }) => operationId))
  expect([...showing].sort()).toEqual([
    'exportAttempts',
    'exportDeadLetters',
    'findNotifications',
    'getAttempt',
    'getNotification',
    'listAttempts',
    'listDeadLetters',
    'listErrorGroups',
    'listErrors',
    'listNewDeliveries',
    'testDraft',
    'testWebhook',
  ])
})

test('no operation shows a token in the query of a URL to somebody who may not change webhooks', async () => {
  const reading = operations.filter(({ method }) => method === 'GET')
  const showing = async (permissions: string[]) => {
    const answers = await walk(permissions, reading)
    return [...new Set(answers.filter((one) => one.text.includes(urlToken)).map(({ operationId }) => operationId))]
  }
  expect((await showing(['webhooks:read', 'webhooks:write'])).sort()).toEqual([
    'getAttempt',
    'getNotification',
    'getWebhook',
    'listAudit',
    'listWebhooks',
  ])
  expect(await showing(['webhooks:read', 'webhooks:bodies', 'account:write'])).toEqual([])
})

const path = (what: string, query = '') =>
  `${adminUrl}/api/v1/businesses/${world.businessId}/webhooks/${refuses.id}/export/${what}${query}`

test('an export has the rows of the list, and is in the audit trail', async () => {
  const headers = { authorization: `Bearer ${world.token}` }
  const exports = async () =>
    (await of<{ entries: { action: string }[] }>('audit?limit=200')).entries.filter(
      ({ action }) => action === 'webhook.export',
    ).length
  const before = await exports()
  const textOf = async (what: string, query?: string) =>
    (await (await fetch(path(what, query), { headers })).text()).trimEnd()
  const lists = async () => {
    const { attempts } = await of<{ attempts: object[] }>(`webhooks/${refuses.id}/attempts?limit=200`)
    const { deadLetters } = await of<{ deadLetters: object[] }>(`webhooks/${refuses.id}/dead-letters?limit=200`)
    return { attempts, deadLetters }
  }
  let listed = await lists()
  let [rows, csv, exported] = [[] as unknown[], '', 0]
  // Notifications of the walks may still be on their way, so only exports between two equal lists are compared.
  const isSettled = async () => {
    const earlier = listed
    rows = (await textOf('attempts')).split('\n').map((line) => JSON.parse(line))
    csv = await textOf('dead-letters', '?format=csv')
    exported += 2
    listed = await lists()
    return isDeepStrictEqual(listed, earlier)
  }
  expect(await until(isSettled, 60_000, systemClock)).toBe(true)
  expect(rows).toEqual(listed.attempts)
  expect(csv.split('\r\n')).toHaveLength(listed.deadLetters.length + 1)
  await expect.poll(exports, patience).toBe(before + exported)
})

test('the command line writes an export', async () => {
  const ran = await webhooks(['export', 'attempts', refuses.id, '--format', 'csv', '--outcome', 'success'])
  expect(ran).toMatchObject({ exitCode: 0, err: '' })
  expect(ran.out).toMatch(/^id,at,deliveryId,.*\r\n$/)
})

test('a developer gets new notifications at a local URL, signed by the printed secret, with the command of the guide', async () => {
  const [command = ''] = codeBlocks(readDocument('docs/receiving.md'), 'sh').filter((block) => block.includes('listen'))
  const local = `${world.receiver.url}/local`
  const args = command.trim().replace('http://localhost:3000/hooks', local).replace('Till', fine.id).split(' ')
  expect(args.slice(0, 5).join(' ')).toBe('npm run -s webhooks --')
  const leaving = new AbortController()
  let [err, lines] = ['', 0]
  const running = webhooks(args.slice(5), {
    interrupted: leaving.signal,
    onErr: (text) => {
      err += text
    },
    onOut: () => {
      lines++
    },
  })
  await expect.poll(() => /The signing secret is (\S+)/.exec(err)?.[1], patience).toBeDefined()
  world.receiver.expectSecrets('/local', [/The signing secret is (\S+)/.exec(err)?.[1] ?? ''])
  await publish(world, [said('fine', 1), said('fine', 2)])
  await expect.poll(() => lines, patience).toBe(2)
  leaving.abort()
  const { exitCode, out } = await running
  expect([exitCode, out.match(/: 204 in \d+ ms/g)?.length]).toEqual([0, 2])
  const [first, second] = world.receiver.arrivals.filter((arrival) => arrival.path === '/local')
  expect([first?.signature, second?.signature]).toEqual(['valid', 'valid'])
  expect(first?.headers).toMatchObject({ 'content-type': 'application/json', 'x-webhook-attempt': '1' })
  // The bytes that the endpoint gets, and its webhook-id.
  const sent = () => world.receiver.arrivals.filter((one) => one.path === '/fine' && one.webhookId === first?.webhookId)
  await expect.poll(() => sent()[0]?.bodyHash, patience).toBe(first?.bodyHash)
  expect(out).toContain(first?.webhookId)
})

// Last, because it deletes the webhooks.
test('no operation shows what people write to somebody who may do everything but read bodies', async () => {
  const answers = await walk(everything, operations)
  expect(
    answers.filter((one) => one.text.toLowerCase().includes(canary)).map(({ url, text }) => `${url} ${text}`),
  ).toEqual([])
  // A walk over refusals would find nothing.
  const answered = new Set(answers.filter(({ status }) => status < 300).map(({ operationId }) => operationId))
  const refused = operations.map(({ operationId }) => operationId).filter((id) => !answered.has(id))
  expect(refused.sort(), 'needs the permission; no webhook is blocked').toEqual(['listNewDeliveries', 'probeWebhook'])
  expect(answers.some((one) => one.text.includes('***0212'))).toBe(true)
})
