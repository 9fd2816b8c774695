import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { NewWebhook } from '../../deploy/demo/admin-client.ts'
import type { HttpEvent, HttpMessage } from '../../deploy/demo/conversations/http-event.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { Answer } from '../../deploy/receiver/receiver.ts'
import type { FoundNotification, NotificationPage, NotificationStory } from '../../services/domain/api/notifications.ts'
import { everyKind } from '../../services/domain/definition/definition-values.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { deliveryId } from '../../services/topics/delivery-id.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { publish } from '../support/load.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

const idsOfFate = 10
/** Ids of each fate that are looked up one by one, each in its own way. */
const oneByOne = sized(10, 2)
/** Failures within ten minutes that block a webhook (contract.md, 1.9). */
const failuresToBlock = 101

type Case = {
  fate: string
  reason: string | null
  webhook?: Partial<NewWebhook>
  answer?: Answer
  /** Events that are published before, to block the webhook. */
  before?: number
  /** Publishes right before the search: a request hangs for 30 s at most, and is tried again afterwards. */
  isBrief?: true
  /** Steps after the events have been handled. */
  afterwards?: (webhookId: string) => Promise<unknown>
}

const status = (code: number): Answer => ({ kind: 'status', status: code })
const pathOf = (webhookId: string) => `businesses/${world.businessId}/webhooks/${webhookId}`
const change = (webhookId: string, json: object) =>
  world.admin.http.patch(pathOf(webhookId), { json, headers: { 'if-match': '*' } })

const cases: Record<string, Case> = {
  arrives: { fate: 'delivered', reason: null },
  fails: { fate: 'retrying', reason: null, answer: status(500) },
  hangs: { fate: 'waiting', reason: null, answer: { kind: 'hang' }, webhook: { timeoutMs: 30_000 }, isBrief: true },
  refused: { fate: 'givenUp', reason: 'refused', answer: status(400), webhook: { retryProfile: 'none' } },
  exhausted: { fate: 'givenUp', reason: 'exhausted', answer: status(500), webhook: { retryProfile: 'none' } },
  rejected: {
    fate: 'givenUp',
    reason: 'breaker',
    answer: status(400),
    webhook: { retryProfile: 'none', maxInFlight: 1 },
    before: failuresToBlock,
  },
  parked: {
    fate: 'parked',
    reason: 'breaker',
    answer: status(400),
    webhook: { retryProfile: 'none', maxInFlight: 1, whenBlocked: 'park' },
    before: failuresToBlock,
  },
  paused: { fate: 'parked', reason: 'paused', webhook: { paused: true } },
  replayed: {
    fate: 'delivered',
    reason: null,
    answer: status(400),
    webhook: { retryProfile: 'none' },
    async afterwards(id) {
      world.receiver.answer('/replayed', status(204))
      await world.admin.http.post(`${pathOf(id)}/replay`, { json: { deadLetters: true, ratePerSecond: 100 } })
    },
  },
  off: {
    fate: 'notSent',
    reason: 'off',
    webhook: { enabled: false },
    afterwards: (id) => change(id, { enabled: true }),
  },
  unwanted: {
    fate: 'notSent',
    reason: 'unwanted',
    webhook: { events: { ...everyKind, userMessages: false } },
    afterwards: (id) => world.admin.http.delete(pathOf(id), { headers: { 'if-match': '*' } }),
  },
}

let world: TestStack
const webhooks = new Map<string, string>()
let lookups = 0
let slowestMs = 0

beforeAll(async () => {
  world = await startTestStack({ brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') })
  for (const [name, { webhook, answer }] of Object.entries(cases)) {
    if (answer) world.receiver.answer(`/${name}`, answer)
    webhooks.set(name, (await world.defineWebhook(`/${name}`, [name], webhook)).id)
  }
  await world.inForce()
}, caseTimeoutMs)

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  figure(64, `${idsOfFate} ids of each fate found; ${lookups} lookups, the slowest took ${slowestMs} ms`)
})

const nowText = () => new Date(systemClock.nowMs()).toISOString()

/** Message n of a case, as the bot runtime would publish it; contacts differ in the last five digits. */
function eventOf(name: string, n: number, businessId = world.businessId): HttpEvent & { type: 'message' } {
  const time = nowText()
  const digits = String(Object.keys(cases).indexOf(name) * 1_000 + n + 1_000).padStart(5, '0')
  return {
    type: 'message',
    eventId: `event-${name}-${n}`,
    businessId,
    chatPlatform: 'whatsapp',
    chatChannelId: name,
    contactId: `54911${businessId.length % 10}555${digits}`,
    whatsappNumber: '5491100000000',
    customerId: `customer-${name}-${n}`,
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: [{ id: `message-${name}-${n}`, date: time, from: 'user', message: `¿Cómo está mi pedido ${name}?` }],
  }
}

async function find(query: string, businessId = world.businessId): Promise<FoundNotification[]> {
  const found: FoundNotification[] = []
  for (let cursor: string | undefined; ; ) {
    const beganMs = systemClock.monotonicMs()
    const searchParams = { q: query, ...(cursor !== undefined && { cursor }) }
    const page: NotificationPage = await world.admin.http
      .get(`businesses/${businessId}/notifications`, { searchParams })
      .json()
    lookups++
    slowestMs = Math.max(slowestMs, Math.round(systemClock.monotonicMs() - beganMs))
    expect(page.isComplete).toBe(true)
    found.push(...page.notifications)
    if (page.nextCursor === undefined) return found
    cursor = page.nextCursor
  }
}

const fateOf = ({ fate, reason }: FoundNotification) => `${fate} ${reason}`

async function expectFates(
  query: string,
  expected: string,
  businessId = world.businessId,
): Promise<FoundNotification[]> {
  let found: FoundNotification[] = []
  const isThere = async () => {
    found = await find(query, businessId)
    return found.length === idsOfFate && found.every((each) => fateOf(each) === expected)
  }
  await until(isThere, 60_000, systemClock)
  expect(found.map(fateOf)).toEqual(Array(idsOfFate).fill(expected))
  return found
}

test('ten messages of each fate are found by any of their ids, with the fate and its reason', {
  timeout: caseTimeoutMs,
}, async () => {
  for (const [name, { before = 0 }] of Object.entries(cases)) {
    const early = Array.from({ length: before }, (_unused, n) => ({
      ...eventOf(name, n + idsOfFate),
      messages: [{ id: `early-${n}`, date: nowText(), from: 'user' as const, message: 'antes' }],
    }))
    if (early.length > 0) await publish(world, early)
  }
  const isBlocked = () =>
    ['/rejected', '/parked'].every(
      (path) => world.receiver.arrivals.filter((arrival) => arrival.path === path).length >= failuresToBlock,
    )
  expect(await until(isBlocked, 60_000, systemClock), '101 failures each').toBe(true)
  const publishAll = (name: string) =>
    publish(
      world,
      Array.from({ length: idsOfFate }, (_unused, n) => eventOf(name, n)),
    )
  for (const [name, { isBrief }] of Object.entries(cases)) if (!isBrief) await publishAll(name)
  const settled = { replayed: 'givenUp refused', unwanted: 'notSent unwanted', off: 'notSent off' }
  for (const [name, expected] of Object.entries(settled)) await expectFates(`pedido ${name}`, expected)
  for (const [name, { afterwards }] of Object.entries(cases)) await afterwards?.(webhooks.get(name) ?? '')

  for (const [name, { fate, reason, isBrief }] of Object.entries(cases)) {
    if (isBrief) await publishAll(name)
    const expected = `${fate} ${reason}`
    const found = await expectFates(`PEDIDO ${name}`, expected)
    expect(new Set(found.map(({ webhookId }) => webhookId))).toEqual(new Set([webhooks.get(name)]))
    for (let n = 0; n < oneByOne; n++) {
      const event = eventOf(name, n)
      const ids = [
        event.contactId.slice(-5),
        event.eventId,
        event.messages[0]?.id ?? '',
        deliveryId({ type: 'message', event }, webhooks.get(name) ?? ''),
      ]
      // A notification that is retried may get another attempt between its two answers.
      const lookUp = async () => {
        const [one, ...others] = await find(ids[(n + name.length) % ids.length] ?? '')
        expect([one?.eventId, one && fateOf(one), others]).toEqual([event.eventId, expected, []])
        const story: NotificationStory = await world.admin.http
          .get(`businesses/${world.businessId}/notifications/${encodeURIComponent(one?.id ?? '')}`)
          .json()
        return { one, story }
      }
      let { one, story } = await lookUp()
      if (story.tries.length !== one?.attempts) ({ one, story } = await lookUp())
      expect([story.eventId, fateOf(story), story.tries.length]).toEqual([event.eventId, expected, one?.attempts])
      expect(story.body === null).toBe(fate === 'notSent')
    }
  }
})

test('events without a webhook, and those of a business that is not activated, are found with that reason', {
  timeout: caseTimeoutMs,
}, async () => {
  const other = `${world.businessId}-other`
  await world.admin.defineWebhook(other, { name: 'Waiting', url: `${world.receiver.url}/waiting`, channels: ['off'] })
  await publish(
    world,
    Array.from({ length: idsOfFate }, (_unused, n) => ({
      ...eventOf('off', n),
      chatChannelId: 'nobody',
      messages: [{ id: `lost-${n}`, date: nowText(), from: 'bot' as const, message: 'sin canal' }],
    })),
  )
  await publish(
    world,
    Array.from({ length: idsOfFate }, (_unused, n) => eventOf('off', n, other)),
  )
  const [lost] = await expectFates('sin canal', 'notSent unknown-channel')
  expect([lost?.webhookId, lost?.deliveryId]).toEqual([null, null])
  await expectFates('pedido off', 'notSent not-activated', other)
  // Another business finds nothing of this one.
  expect(await find('sin canal', other)).toEqual([])
})

test('a status is found by its client payload and by the message that it is about', {
  timeout: caseTimeoutMs,
}, async () => {
  const {
    messages: _none,
    customerCreationTime: _created,
    sessionCreationTime: _began,
    ...base
  } = eventOf('arrives', 0)
  const time = nowText()
  const event = {
    ...base,
    type: 'status' as const,
    eventId: 'event-read',
    status: 'read' as const,
    statusChangeTime: time,
  }
  await publish(world, [{ ...event, messageId: 'message-read', clientPayload: '{"order":"A-17"}' }])
  for (const query of ['A-17', 'message-read', 'event-read']) {
    let found: FoundNotification[] = []
    const hasArrived = async () => {
      found = await find(query)
      return found[0]?.fate === 'delivered'
    }
    await until(hasArrived, 60_000, systemClock)
    expect(found.map((each) => [each.status, each.fate])).toEqual([['read', 'delivered']])
  }
})

test('a `delivered` that still waits when its message is read is left out, over a kill, and found with that reason', {
  timeout: caseTimeoutMs,
}, async () => {
  const name = 'collapsed'
  const { id } = await world.defineWebhook(`/${name}`, [name], { paused: true, collapseStatuses: true })
  await world.inForce()
  const statusOf = (n: number, status: 'delivered' | 'read'): HttpEvent => {
    const { messages: _, customerCreationTime: _created, sessionCreationTime: _began, ...base } = eventOf(name, n)
    return { ...base, type: 'status', status, statusChangeTime: nowText(), messageId: `sent-${n}` }
  }
  const numbers = Array.from({ length: 2 * idsOfFate }, (_unused, n) => n)
  await publish(
    world,
    numbers.map((n) => statusOf(n, 'delivered')),
  )
  // Only the first half of the messages is read.
  await publish(
    world,
    numbers.slice(0, idsOfFate).map((n) => statusOf(n, 'read')),
  )
  const fates = async (n: number) =>
    new Map((await find(`sent-${n}`)).map((one) => [one.status, `${fateOf(one)} ${one.cause}`]))
  const isParked = async () =>
    [...(await fates(idsOfFate - 1)).values()].join() === 'parked paused null,parked paused null'
  expect(await until(isParked, 60_000, systemClock), 'both statuses wait').toBe(true)
  world.stack.service('dispatcher').kill('SIGKILL')
  await world.admin.http.post(`${pathOf(id)}/resume`)

  const expected = new Set([
    ...numbers.slice(idsOfFate).map((n) => `delivered sent-${n}`),
    ...numbers.slice(0, idsOfFate).map((n) => `read sent-${n}`),
  ])
  const arrived = () =>
    world.receiver.arrivals
      .filter(({ path }) => path === `/${name}`)
      .map(({ body }) => JSON.parse(body.toString('utf8')))
      .map(({ status, messageId }) => `${status} ${messageId}`)
  expect(await until(() => arrived().length >= expected.size, 60_000, systemClock), 'the rest arrives').toBe(true)
  expect(new Set(arrived())).toEqual(expected)
  for (const n of [0, idsOfFate - 1]) {
    const isSettled = async () => (await fates(n)).get('read') === 'delivered null null'
    expect(await until(isSettled, 60_000, systemClock), 'read').toBe(true)
    expect((await fates(n)).get('delivered')).toBe('notSent superseded superseded')
  }
})

test('messages are joined over kills: each arrives in exactly one notification, in order, and is found in it', {
  timeout: caseTimeoutMs,
}, async () => {
  const name = 'joined'
  const [contacts, rounds] = [sized(30, 10), sized(30, 6)]
  await world.defineWebhook(`/${name}`, [name], { bufferSeconds: 2 })
  await world.inForce()
  const idOf = (contact: number, round: number) => `joined-${contact}-${round}`
  for (let round = 0; round < rounds; round++) {
    const events = Array.from({ length: contacts }, (_unused, contact) => {
      const event = eventOf(name, contact)
      const time = new Date(0).toISOString()
      const messages = [{ ...event.messages[0], id: idOf(contact, round) } as HttpMessage]
      const times = { customerCreationTime: time, sessionCreationTime: time }
      return { ...event, ...times, customerId: `c${contact}`, eventId: idOf(contact, round), messages }
    })
    await publish(world, events)
    if (round % 3 === 1) world.stack.service('dispatcher').kill('SIGKILL')
    if (round % 3 === 2) world.stack.service('formatter').kill('SIGKILL')
    await systemClock.sleep(400)
  }
  const arrivals = () => world.receiver.arrivals.filter(({ path }) => path === `/${name}`)
  const messagesOf = (body: Buffer): string[] =>
    (JSON.parse(body.toString('utf8')) as { messages: { _id_: string }[] }).messages.map(({ _id_ }) => _id_)
  const arrived = () => new Set(arrivals().flatMap(({ body }) => messagesOf(body)))
  expect(await until(() => arrived().size >= contacts * rounds, 120_000, systemClock), 'every message').toBe(true)

  const notifications = new Map(arrivals().map(({ webhookId, body }) => [webhookId, messagesOf(body)]))
  const all = [...notifications.values()].flat()
  const several = [...notifications.values()].filter(({ length }) => length > 1)
  figure(64, `${all.length} messages in ${notifications.size} notifications, ${several.length} of several messages`)
  expect(all).toHaveLength(contacts * rounds)
  expect(several.length).toBeGreaterThan(0)
  for (let contact = 0; contact < contacts; contact++) {
    const own = all.filter((id) => id.startsWith(`joined-${contact}-`))
    expect(own).toEqual(Array.from({ length: rounds }, (_unused, round) => idOf(contact, round)))
  }
  const [webhookId = '', members = []] = [...notifications].find(([, ids]) => ids.length > 1) ?? []
  for (const id of [members[0] ?? '', members.at(-1) ?? '']) {
    const isDelivered = async () => (await find(id))[0]?.fate === 'delivered'
    expect(await until(isDelivered, 60_000, systemClock), `${id} is delivered`).toBe(true)
    expect((await find(id)).map((one) => [one.eventId, one.deliveryId])).toEqual([[id, webhookId]])
  }
  const byNotification = await find(webhookId)
  expect(byNotification.map(({ eventId }) => eventId).sort()).toEqual([...members].sort())
})
