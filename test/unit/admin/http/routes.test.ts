import { gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiRoute } from '../../../../services/admin/http/route.ts'
import { faultOfCode, KafkaFault } from '../../../../services/platform/kafka/wire/kafka-fault.ts'
import { WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'
import { definition, nowMs, secretOf } from '../support.ts'
import { createRoutesWorld, people, replayId } from './routes-world.ts'

let world: Awaited<ReturnType<typeof createRoutesWorld>>

beforeEach(async () => {
  world = await createRoutesWorld()
})

type Method = ApiRoute['method']
const collection = '/api/v1/businesses/b1/webhooks'
const minimal = { name: 'New', url: 'https://shop.example/', channels: ['c9'] }

async function call(
  method: Method,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  token = 'super',
) {
  const authorization = `Bearer ${token}`
  const payload = body === undefined ? {} : { payload: body as object }
  const response = await world.server.inject({ method, url, headers: { authorization, ...headers }, ...payload })
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.headers['content-type']?.toString().includes('json') ? response.json() : null,
  }
}

describe('permissions (guarantees.md, 34)', () => {
  const readers = ['super', 'ofBusiness', 'reader']
  const writers = ['super', 'ofBusiness', 'writer']
  const allowed: Record<string, string[]> = {
    listWebhooks: readers,
    getWebhook: readers,
    createWebhook: writers,
    patchWebhook: writers,
    deleteWebhook: writers,
    pauseWebhook: writers,
    resumeWebhook: writers,
    rotateSecret: writers,
    replay: writers,
    stopReplay: writers,
    probeWebhook: writers,
    // Operations about all businesses at once.
    replayUnread: ['super'],
    listReplays: readers,
    getReplay: readers,
    getStats: readers,
    listErrors: readers,
    listErrorGroups: readers,
    listAttempts: readers,
    getAttempt: readers,
    listDeadLetters: readers,
    exportAttempts: readers,
    listNewDeliveries: ['super', 'ofBusiness'],
    exportDeadLetters: readers,
    testWebhook: writers,
    testDraft: writers,
    getSample: readers,
    // Operations in which each identity sees its own businesses.
    listBusinesses: [...readers, 'otherBusiness'],
    followChanges: readers,
    listAudit: readers,
    getAccount: readers,
    putAccount: ['super', 'ofBusiness', 'accountant'],
    listAlerts: readers,
    sendTestAlert: ['super', 'ofBusiness', 'accountant'],
    getOverview: [...readers, 'otherBusiness'],
  }

  test('every route is in the table of permissions', () => {
    expect(world.routes.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(allowed).sort())
  })

  const cells = Object.keys(allowed).flatMap((operation) =>
    [...Object.keys(people), 'stranger'].map((who) => [operation, who] as const),
  )
  test.each(cells)('%s by %s is answered as the table of permissions says', async (operation, who) => {
    world.seed(definition({ secret: secretOf('x') }))
    const route = world.routes.find(({ operationId }) => operationId === operation)
    if (!route) throw new Error(`no route ${operation}`)
    const url = route.url
      .replace(':businessId', 'b1')
      .replace(':id', 'wh_a')
      .replace(':replayId', replayId)
      .replace(':attemptId', '3-7')
      .replace('/samples', '/samples?event=userMessages')
    const bodies: Record<string, object> = {
      createWebhook: minimal,
      testDraft: { definition: minimal },
      patchWebhook: { name: 'x' },
      replay: { deadLetters: true },
      replayUnread: { topic: 'message-events', since: '2026-01-01T00:00:00Z' },
      putAccount: { webhooksEnabled: true },
    }
    const body = bodies[operation]
    // A stream does not end, so nothing waits for it.
    if (operation === 'followChanges') setTimeout(() => world.streams.end(), 20)
    const { status } = await call(route.method, url, body, { 'if-match': '*' }, who)
    const expected = who === 'stranger' ? 401 : allowed[operation]?.includes(who) ? 2 : 403
    expect(expected === 2 ? Math.floor(status / 100) : status).toBe(expected)
    if (expected !== 2) expect(world.state.records).toEqual([])
  })

  test("another business's webhook is not found within one's own", async () => {
    world.seed(definition({ id: 'wh_b', businessId: 'b2', secret: secretOf('x') }))
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/secret/rotate'],
      ['POST', '/test'],
      ['POST', '/replay'],
      ['GET', `/replay/${replayId}`],
      ['GET', '/stats'],
      ['GET', '/errors'],
      ['GET', '/attempts'],
      ['GET', '/attempts/3-7'],
      ['GET', '/dead-letters'],
      ['GET', '/export/attempts'],
      ['GET', '/deliveries'],
      ['GET', '/export/dead-letters'],
    ] as const) {
      const body = method === 'PATCH' ? { name: 'x' } : undefined
      const { status } = await call(method, `${collection}/wh_b${path}`, body, { 'if-match': '*' }, 'ofBusiness')
      expect([method, status]).toEqual([method, 404])
    }
    expect((await call('GET', collection, undefined, {}, 'ofBusiness')).body.webhooks).toEqual([])
  })
})

describe('webhook routes', () => {
  test('creating a webhook shows its secret this once, with ETag and Location', async () => {
    const made = await call('POST', collection, { ...minimal, headers: { 'X-Key': 'letmein' } })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ ...minimal, headers: { 'X-Key': '***' }, version: 1, conflicts: [] })
    expect(made.body.secret).toMatch(/^whsec_/)
    expect(made.headers).toMatchObject({ etag: expect.stringMatching(/^"1-\d+"$/), 'cache-control': 'no-store' })
    const read = await call('GET', String(made.headers.location))
    const { secret, ...shown } = made.body
    expect(read).toMatchObject({ status: 200, body: shown, headers: { etag: expect.stringMatching(/^"1-\d+"$/) } })
    expect(read.body).not.toHaveProperty('secret')
    expect(JSON.stringify(world.state.records)).not.toMatch(`letmein|${secret.slice(6, 20)}`)
  })

  test('an invalid webhook gets 422 with a problem for each field, and nothing is written', async () => {
    const answer = await call('POST', collection, { ...minimal, url: 'http://x/', headers: { Host: 'a' } })
    expect(answer).toMatchObject({
      status: 422,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    })
    expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual(['url', 'headers.Host'])
    expect((await call('POST', collection, { ...minimal, enabled: 'true' })).body.errors).toEqual([
      { field: 'enabled', message: 'must be boolean', code: 'type', limit: 'boolean' },
    ])
    expect((await call('POST', collection)).status).toBe(422)
    expect(world.state.records).toEqual([])
  })

  test.each([
    ['{"name":', 'application/json', 400],
    ['name=x', 'application/x-www-form-urlencoded', 415],
    ['{"__proto__":{"x":1}}', 'application/json', 400],
  ])('a body of %s sent as %s is answered with %i', async (body, contentType, expected) => {
    expect((await call('POST', collection, body, { 'content-type': contentType })).status).toBe(expected)
  })

  test('a channel already in use is answered with 409 and the name of the other webhook', async () => {
    world.seed(definition({ secret: secretOf('x') }))
    const answer = await call('POST', collection, { ...minimal, channels: ['c9', 'c1'] })
    expect(answer.status).toBe(409)
    expect(answer.body).toMatchObject({
      detail: 'channel "c1" belongs to webhook "Orders" (wh_a)',
      conflicts: [{ channel: 'c1', webhookId: 'wh_a', name: 'Orders' }],
    })
    const elsewhere = await call('POST', '/api/v1/businesses/b2/webhooks', { ...minimal, channels: ['c1'] })
    expect(elsewhere.status).toBe(201)
  })

  test('a channel is moved from the webhook that has it, which stays without it, if the request says so', async () => {
    world.seed(definition({ secret: secretOf('x'), channels: ['c0', 'c1'], version: 3 }))
    const taking = { ...minimal, channels: ['c1', 'c9'] }
    expect((await call('POST', `${collection}?moveChannels=c9`, taking)).status).toBe(409)
    expect(world.state.records).toEqual([])
    const made = await call('POST', `${collection}?moveChannels=c1&moveChannels=c0`, taking)
    expect(made).toMatchObject({ status: 201, body: { channels: ['c1', 'c9'], conflicts: [] } })
    // The new one is written first: at each moment one of both has the channel.
    expect(world.state.records.map((written) => [written?.id, written?.channels])).toEqual([
      [made.body.id, ['c1', 'c9']],
      ['wh_a', ['c0']],
    ])
    expect(world.state.records[1]).toMatchObject({ version: 4, name: 'Orders' })

    const headers = { 'if-match': '"4"' }
    const back = await call('PATCH', `${collection}/wh_a?moveChannels=c1`, { channels: ['c0', 'c1'] }, headers)
    expect(back).toMatchObject({ status: 200, body: { channels: ['c0', 'c1'], conflicts: [] } })
    expect(world.state.records.at(-1)).toMatchObject({ id: made.body.id, channels: ['c9'] })
  })

  test('a channel of another business is never moved', async () => {
    world.seed(definition({ id: 'wh_b', businessId: 'b2', secret: secretOf('x') }))
    expect((await call('POST', `${collection}?moveChannels=c1`, minimal)).status).toBe(201)
    expect(world.state.records).toHaveLength(1)
  })

  test('of concurrent requests for one channel, exactly one gets it', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', collection, minimal)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
  })

  test('a patch needs the ETag of the current version', async () => {
    world.seed(definition({ secret: secretOf('x'), version: 3 }))
    const url = `${collection}/wh_a`
    expect((await call('PATCH', url, { enabled: false })).status).toBe(428)
    expect(await call('PATCH', url, { enabled: false }, { 'if-match': '"2"' })).toMatchObject({
      status: 412,
      headers: { etag: expect.stringMatching(/^"3-\d+"$/) },
    })
    const merge = { 'if-match': '"3"', 'content-type': 'application/merge-patch+json' }
    const patched = await call('PATCH', url, JSON.stringify({ enabled: false, events: { readStatus: true } }), merge)
    expect(patched).toMatchObject({ status: 200, headers: { etag: expect.stringMatching(/^"4-\d+"$/) } })
    expect(patched.body).toMatchObject({ enabled: false, version: 4, events: { readStatus: true, botMessages: true } })
    expect((await call('PATCH', url, { secret: 'whsec_y' }, { 'if-match': '*' })).status).toBe(422)
    const both = await Promise.all([1, 2].map(() => call('PATCH', url, { name: 'x' }, { 'if-match': '"4"' })))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412])
  })

  test('a version that an operator has written twice does not pass for the one that was read', async () => {
    world.seed(definition({ secret: secretOf('x') }))
    const url = `${collection}/wh_a`
    const { etag } = (await call('GET', url)).headers
    world.seed(definition({ secret: secretOf('x'), name: 'By hand' }))
    for (const tag of [String(etag), '"1"'])
      expect((await call('PATCH', url, { name: 'x' }, { 'if-match': tag })).status).toBe(412)
    const read = await call('GET', url)
    expect(read.body).toMatchObject({ name: 'By hand', version: 1 })
    expect((await call('PATCH', url, { name: 'x' }, { 'if-match': String(read.headers.etag) })).status).toBe(200)
  })

  test('a faulty record is shown, also if no definition was in force before', async () => {
    const secret = 'hunter2-hunter2-hunter2'
    world.seed(definition({ id: 'wh_n', secret }))
    const one = await call('GET', `${collection}/wh_n`)
    expect(one).toMatchObject({ status: 404, body: { fault: { problems: ['secret does not begin with whsec_'] } } })
    const all = await call('GET', collection)
    expect(all.body).toMatchObject({ webhooks: [], faults: [{ id: 'wh_n', problems: one.body.fault.problems }] })
    expect((await call('GET', '/api/v1/businesses/b2/webhooks')).body).not.toHaveProperty('faults')
    expect(JSON.stringify([one, all])).not.toContain('hunter2')
  })

  test('a business has at most 1,000 webhooks, and a webhook at most ten rotations in 24 hours', async () => {
    for (let number = 0; number < 1_000; number++)
      world.seed(definition({ id: `wh_${number}`, channels: [`c${number}`], secret: secretOf('x') }))
    const beyond = await call('POST', collection, { ...minimal, channels: ['one more'] })
    expect(beyond).toMatchObject({ status: 409, body: { detail: expect.stringContaining('1000 are allowed') } })
    const statuses: number[] = []
    for (let count = 0; count < 11; count++)
      statuses.push((await call('POST', `${collection}/wh_0/secret/rotate`)).status)
    expect(statuses).toEqual([...Array(10).fill(200), 429])
  })

  test('a change is decided on what another instance has just written', async () => {
    world.state.onItsWay = [definition({ secret: secretOf('x'), version: 1 })]
    expect((await call('POST', collection, { ...minimal, channels: ['c1'] })).status).toBe(409)
    const url = `${collection}/wh_a`
    world.state.onItsWay = [definition({ secret: secretOf('x'), version: 2 })]
    expect((await call('PATCH', url, { name: 'x' }, { 'if-match': '"1"' })).status).toBe(412)
    world.state.onItsWay = [definition({ secret: secretOf('x'), version: 3 })]
    expect((await call('POST', `${url}/secret/rotate`)).body).toMatchObject({ version: 4 })
    world.state.onItsWay = [definition({ secret: secretOf('x'), version: 5 })]
    expect((await call('DELETE', url, undefined, { 'if-match': '"4"' })).status).toBe(412)
  })

  test('deleting needs the current ETag, removes the webhook and frees its channels', async () => {
    world.seed(definition({ secret: secretOf('x') }))
    const url = `${collection}/wh_a`
    expect((await call('DELETE', url)).status).toBe(428)
    expect((await call('DELETE', url, undefined, { 'if-match': '"9"' })).status).toBe(412)
    expect(await call('DELETE', url, undefined, { 'if-match': '"1"' })).toMatchObject({ status: 204, body: null })
    expect((await call('GET', url)).status).toBe(404)
    expect((await call('POST', collection, { ...minimal, channels: ['c1'] })).status).toBe(201)
  })

  test('a rotation shows the new secret once and says how long both sign', async () => {
    world.seed(definition({ secret: secretOf('x') }))
    const rotated = await call('POST', `${collection}/wh_a/secret/rotate`)
    const until = new Date(nowMs + 86_400_000).toISOString()
    expect(rotated).toMatchObject({
      status: 200,
      headers: { etag: expect.stringMatching(/^"2-\d+"$/) },
      body: { previousSecretUntil: until },
    })
    expect(rotated.body.secret).toMatch(/^whsec_/)
    expect(rotated.body).not.toHaveProperty('previousSecret')
    expect((await call('GET', `${collection}/wh_a`)).body).not.toHaveProperty('secret')
  })

  test('conflicts and faults in records written by hand are shown', async () => {
    world.seed(definition({ secret: secretOf('x') }))
    world.seed(definition({ id: 'wh_b', name: 'Later', secret: secretOf('x'), createdAt: '2026-02-01T00:00:00.000Z' }))
    world.seed('{"id":"wh_b"', 'wh_b')
    const { body } = await call('GET', `${collection}/wh_b`)
    expect(body.conflicts).toEqual([{ channel: 'c1', webhookId: 'wh_a', name: 'Orders' }])
    expect(body.fault.problems[0]).toContain('is not JSON')
  })

  test('the list of webhooks is paged', async () => {
    for (const id of ['wh_c', 'wh_a', 'wh_b']) world.seed(definition({ id, channels: [id], secret: secretOf('x') }))
    const first = await call('GET', `${collection}?limit=2`)
    expect(first.body.webhooks.map(({ id }: { id: string }) => id)).toEqual(['wh_a', 'wh_b'])
    const second = await call('GET', `${collection}?limit=2&cursor=${first.body.nextCursor}`)
    expect(second.body.webhooks.map(({ id }: { id: string }) => id)).toEqual(['wh_c'])
    expect(second.body).not.toHaveProperty('nextCursor')
    for (const query of ['limit=0', 'limit=many', 'limit=201', 'cursor=%20'])
      expect([query, (await call('GET', `${collection}?${query}`)).status]).toEqual([query, 400])
  })

  test('a definition that Kafka refuses as too large is answered with 413', async () => {
    world.state.refuseWrites = true
    expect((await call('POST', collection, minimal)).status).toBe(413)
  })

  test.each([
    [faultOfCode(30, 'group formatter'), 'group formatter: GROUP_AUTHORIZATION_FAILED'],
    [new KafkaFault('connection', null, 'broker 10.0.0.7:9092: no answer'), 'Kafka does not answer at present'],
    [new WaitAbandoned('broker 10.0.0.7:9092: no answer'), 'this instance is stopping'],
  ])('a fault of Kafka during a request is answered with 503, and what a caller may know', async (fault, detail) => {
    world.state.fault = fault
    const { status, body } = await call('POST', collection, minimal)
    expect([status, body.detail]).toEqual([503, expect.stringContaining(detail)])
    expect(body.detail).not.toContain('10.0.0.7')
  })

  test('a business id with a line break is refused', async () => {
    expect((await call('POST', '/api/v1/businesses/b1%0Awh/webhooks', minimal)).status).toBe(400)
  })
})

test('the list of businesses shows those the identity reaches, by pages', async () => {
  world.seed(definition({ id: 'wh_b', businessId: 'b2', secret: secretOf('x') }))
  await call('PUT', '/api/v1/businesses/b3/account', { webhooksEnabled: true })
  const url = '/api/v1/businesses'
  const b2 = { businessId: 'b2', webhooksEnabled: false, webhooks: 1 }
  const b3 = { businessId: 'b3', webhooksEnabled: true, webhooks: 0 }
  expect((await call('GET', url)).body).toEqual({ businesses: [b2, b3] })
  const first = await call('GET', `${url}?limit=1`)
  expect(first.body.businesses).toEqual([b2])
  expect((await call('GET', `${url}?limit=1&cursor=${first.body.nextCursor}`)).body).toEqual({ businesses: [b3] })
  const own = await call('GET', url, undefined, {}, 'reader')
  expect(own.body.businesses).toEqual([{ businessId: 'b1', webhooksEnabled: false, webhooks: 0 }])
})

test('an account is inactive until it is activated, and then shows by whom and when', async () => {
  const url = '/api/v1/businesses/b1/account'
  expect(await call('GET', url)).toMatchObject({ status: 200, body: { webhooksEnabled: false } })
  for (const body of [{ webhooksEnabled: 'true' }, {}, { webhooksEnabled: true, updatedBy: 'me' }, [], 'true'])
    expect((await call('PUT', url, JSON.stringify(body), { 'content-type': 'application/json' })).status).toBe(422)
  const alerts = { emails: [], urls: [] }
  const updatedAt = new Date(nowMs).toISOString()
  const account = { webhooksEnabled: true, alerts, updatedAt, updatedBy: 'a super_admin' }
  expect(await call('PUT', url, { webhooksEnabled: true })).toMatchObject({ status: 200, body: account })
  expect((await call('GET', url)).body).toEqual(account)
})

test('the alert addresses of an account stay as they are in a change that does not name them', async () => {
  const url = '/api/v1/businesses/b1/account'
  const alerts = { emails: ['ops@shop.example'], urls: ['https://shop.example/alerts'], language: 'pt' }
  expect((await call('PUT', url, { webhooksEnabled: true, alerts })).body).toMatchObject({ alerts })
  expect((await call('PUT', url, { webhooksEnabled: false })).body).toMatchObject({ webhooksEnabled: false, alerts })
  expect((await call('GET', url)).body).toMatchObject({ webhooksEnabled: false, alerts })
})

test('the alert addresses of an account stay although another instance has just changed them', async () => {
  const url = '/api/v1/businesses/b1/account'
  const alerts = { emails: ['new@shop.example'], urls: [] }
  await call('PUT', url, { webhooksEnabled: false, alerts: { emails: ['old@shop.example'], urls: [] } })
  world.state.accountsOnTheirWay = [['b1', { webhooksEnabled: false, alerts, updatedAt: '', updatedBy: 'a' }]]
  expect((await call('PUT', url, { webhooksEnabled: true })).body).toMatchObject({ webhooksEnabled: true, alerts })
})

test.each([
  { wrong: 'a text that is no mail address', alerts: { emails: ['ops'] }, field: 'alerts.emails.0' },
  {
    wrong: 'a line break in a mail address',
    alerts: { emails: ['a@shop.example\nbcc:b@c'] },
    field: 'alerts.emails.0',
  },
  { wrong: 'an address that is not public', alerts: { urls: ['https://10.0.0.1/'] }, field: 'alerts.urls.0' },
  { wrong: 'http', alerts: { urls: ['https://shop.example/', 'http://shop.example/'] }, field: 'alerts.urls.1' },
  {
    wrong: 'eleven addresses',
    alerts: { emails: [...Array(11).keys()].map((n) => `a${n}@b.c`) },
    field: 'alerts.emails',
  },
  { wrong: 'a language without texts', alerts: { language: 'de' }, field: 'alerts.language' },
])('alert addresses are refused by their field: $wrong', async ({ alerts, field }) => {
  const answer = await call('PUT', '/api/v1/businesses/b1/account', { webhooksEnabled: true, alerts })
  expect(answer.status).toBe(422)
  expect(answer.body.errors.map((error: { field: string }) => error.field)).toEqual([field])
})

test('a test alert names each address with its result', async () => {
  const alerts = { emails: ['ops@shop.example'], urls: ['https://shop.example/alerts'] }
  await call('PUT', '/api/v1/businesses/b1/account', { webhooksEnabled: true, alerts })
  expect((await call('POST', '/api/v1/businesses/b1/alerts/test')).body).toEqual({
    results: [
      { address: 'ops@shop.example', sent: false, reason: 'no SMTP server is configured' },
      { address: 'https://shop.example/alerts', sent: true, reason: null },
    ],
  })
})

test('the OpenAPI document describes every route with its bodies and answers', async () => {
  const { body } = await call('GET', '/openapi.json')
  for (const { operationId, method, url } of world.routes) {
    const operation = body.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    expect(operation).toMatchObject({
      operationId,
      security: [{ bearer: [] }, { session: [] }],
      responses: { 401: {}, 403: {} },
    })
    expect('requestBody' in operation).toBe(
      ['createWebhook', 'replay', 'replayUnread', 'testWebhook', 'testDraft', 'patchWebhook', 'putAccount'].includes(
        operationId,
      ),
    )
  }
  const create = body.paths['/api/v1/businesses/{businessId}/webhooks'].post
  expect(create.requestBody.content['application/json'].schema.properties).toHaveProperty('retryProfile')
  expect(create.responses[201].content['application/json'].schema.required).toContain('secret')
})

test('refusals and writes are counted in the metrics', async () => {
  await call('GET', collection, undefined, {}, 'stranger')
  await call('POST', collection, minimal)
  await call('POST', collection, minimal)
  const metrics = await world.server.inject({ method: 'GET', url: '/metrics' })
  expect(metrics.body).toMatch(/hookline_admin_writes_total\{kind="create"\} 1/)
  expect(metrics.body).toMatch(/hookline_admin_refused_total\{reason="conflict"\} 1/)
  expect(metrics.body).toMatch(/hookline_admin_refused_total\{reason="unauthenticated"\} 1/)
})

test('answers to reads are compressed; answers to writes are not, as they may contain a secret', async () => {
  const headers = { authorization: 'Bearer super', 'accept-encoding': 'gzip' }
  const long = {
    ...minimal,
    name: 'N'.repeat(100),
    channels: Array.from({ length: 100 }, (_unused, i) => `channel${i}`),
  }
  const created = await world.server.inject({ method: 'POST', url: collection, headers, payload: long })
  expect([created.statusCode, created.headers['content-encoding']]).toEqual([201, undefined])
  expect(created.json().secret).toMatch(/^whsec_/)
  const listed = await world.server.inject({ method: 'GET', url: collection, headers })
  expect([listed.statusCode, listed.headers['content-encoding']]).toEqual([200, 'gzip'])
  const plain = await call('GET', collection)
  expect(JSON.parse(gunzipSync(listed.rawPayload).toString())).toEqual(plain.body)
})

test('HEAD of a stream is refused and takes no slot of a stream', async () => {
  const url = '/api/v1/businesses/b1/changes'
  const response = await world.server.inject({ method: 'HEAD', url, headers: { authorization: 'Bearer super' } })
  expect(response.statusCode).toBe(405)
})
