import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'

let world: FaultyStack
let path: string
let sent = 0

beforeAll(async () => {
  world = await startFaultyStack({ webhooks: 1, contacts: 1, more: () => ({ headers: { 'X-Key': 'letmein' } }) })
  path = world.webhookPaths[0] ?? ''
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  figure(24, `test notifications: ${sent} sent, one request each`)
})

const testIt = (json: object) => world.admin.http.post(`${path}/test`, { json, throwHttpErrors: false })

test.each([
  [204, 'userMessages', 'message', 'success'],
  [500, 'deliveredStatus', 'status', 'error'],
  [410, 'botMessages', 'message', 'error'],
])(
  'a test answered by %i is one signed request with the custom headers, and its result is shown',
  async (status, event, type, outcome) => {
    const { receiver } = world
    const from = receiver.arrivals.length
    receiver.answer('/0', { kind: 'status', status })
    const result = await testIt({ event }).json()
    expect(result).toMatchObject({
      outcome,
      response: { status, headers: expect.stringMatching(/^date: /im) },
      request: { headers: { 'X-Key': '***' } },
    })
    // Two seconds are longer than the first quick retry would wait.
    await systemClock.sleep(2_000)
    const arrivals = receiver.arrivals.slice(from)
    expect(arrivals).toMatchObject([{ signature: 'valid', attempt: 1, headers: { 'x-key': 'letmein' } }])
    expect(arrivals[0]?.notification).toMatchObject({ v: '1.1', type, chatChannelId: world.channels[0] })
    sent += arrivals.length
  },
)

test('a test of an unsaved definition is one request with its own headers, and its result is shown', async () => {
  const { receiver, admin, businessId, channels } = world
  const definition = {
    name: 'Draft',
    url: `${receiver.url}/draft`,
    channels: [channels[0]],
    headers: { 'X-Draft': 'open' },
    slowThresholdMs: 30_000,
  }
  const result = await admin.http.post(`businesses/${businessId}/webhooks/test`, { json: { definition } }).json()
  expect(result).toMatchObject({ outcome: 'success', response: { status: 204 } })
  const arrivals = receiver.arrivals.filter((arrival) => arrival.path === '/draft')
  expect(arrivals).toMatchObject([{ attempt: 1, headers: { 'x-draft': 'open' } }])
  sent += arrivals.length
})

test('a webhook that is off gets no test notification', async () => {
  const { version, enabled } = await world.admin.http.get(path).json<{ version: number; enabled: boolean }>()
  expect(enabled).toBe(true)
  await world.admin.http.patch(path, { headers: { 'if-match': `"${version}"` }, json: { enabled: false } })
  const from = world.receiver.arrivals.length
  expect((await testIt({})).statusCode).toBe(409)
  expect(world.receiver.arrivals.slice(from)).toEqual([])
})
