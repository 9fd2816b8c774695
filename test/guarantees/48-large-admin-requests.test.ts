import { afterAll, expect, test } from 'vitest'
import { figure } from '../support/figure.ts'
import { filledTo, watchTurns } from '../support/large-requests.ts'
import { createRoutesWorld } from '../unit/admin/http/routes-world.ts'
import { definition, secretOf } from '../unit/admin/support.ts'

// Admin's half of guarantee 48, measured like the producer's. The largest body is Fastify's own limit of 1 MiB.

const maxRequestBytes = 1_048_576
const maxDelayMs = 200
const maxMegabytes = 64

const filled = (begin: string, item: (n: number) => string, end: string) => filledTo(maxRequestBytes, begin, item, end)
const text = 'x'.repeat(maxRequestBytes - 2_000)
const field = (n: number) => `"${n.toString(36)}":1`

const shapes: [string, () => string][] = [
  ['unknown fields', () => filled('{', field, '}')],
  ['channels that are numbers', () => filled('{"name":"n","url":"https://a.example/","channels":[', () => '0', ']}')],
  ['channels that are equal', () => filled('{"name":"n","url":"https://a.example/","channels":[', () => '"c"', ']}')],
  ['channels', () => filled('{"name":"n","url":"https://a.example/","channels":[', (n) => `"${n}"`, ']}')],
  [
    'headers',
    () => filled('{"name":"n","url":"https://a.example/","channels":[],"headers":{', (n) => `"x-${n}":"1"`, '}}'),
  ],
  ['events', () => filled('{"name":"n","url":"https://a.example/","channels":[],"events":{', field, '}}')],
  ['a long name', () => JSON.stringify({ name: text, url: 'https://a.example/', channels: [] })],
  ['a long URL', () => JSON.stringify({ name: 'n', url: `https://a.example/${text}`, channels: [] })],
  ['a long host', () => JSON.stringify({ name: 'n', url: `https://${text.replaceAll('xx', 'x.')}`, channels: [] })],
  ['a time of blanks', () => JSON.stringify({ topic: 'message-events', since: text.replaceAll('x', ' ') })],
  ['outcomes', () => filled('{"outcomes":[', () => '"good"', ']}')],
  ['lists in lists', () => `{"channels":${'['.repeat(500_000)}${']'.repeat(500_000)}}`],
  ['a definition of unknown fields', () => filled('{"definition":{', field, '}}')],
  ['halves of emoji', () => `{"name":"${'\\ud83d'.repeat(maxRequestBytes / 6 - 10)}"}`],
  ['open brackets', () => '['.repeat(maxRequestBytes)],
]

const one = '/api/v1/businesses/b1/webhooks/wh_a'
const routes: ['POST' | 'PATCH' | 'PUT', string][] = [
  ['POST', '/api/v1/businesses/b1/webhooks'],
  ['PATCH', one],
  ['POST', `${one}/replay`],
  ['POST', '/api/v1/businesses/b1/webhooks/test'],
  ['PUT', '/api/v1/businesses/b1/account'],
  ['POST', '/api/v1/unread/replay'],
]

let worstDelay = { delayMs: 0, what: '' }
let worstMemory = { megabytes: 0, what: '' }

afterAll(() => {
  const delay = `event loop delayed by ${Math.round(worstDelay.delayMs)} ms at most (${worstDelay.what})`
  const memory = `memory +${Math.round(worstMemory.megabytes)} MB at most (${worstMemory.what})`
  figure(48, `${shapes.length * routes.length} requests of 1 MB at admin: ${delay}, ${memory}`)
})

test.each(shapes)(
  'a request of 1 MB of %s to any route of admin neither blocks the event loop nor takes much memory',
  async (what, make) => {
    const { server, seed } = await createRoutesWorld()
    seed(definition({ secret: secretOf('wh_a') }))
    const send = (method: 'POST' | 'PATCH' | 'PUT', url: string, payload: string) => {
      const headers = { authorization: 'Bearer super', 'content-type': 'application/json', 'if-match': '*' }
      return server.inject({ method, url, payload, headers })
    }
    const payload = make()
    expect(payload.length).toBeLessThanOrEqual(maxRequestBytes)
    for (const [method, url] of routes) {
      // A warm-up, because compiled code and schemas are not caused by the request.
      await send(method, url, '{}')
      using watch = watchTurns()
      const answer = await send(method, url, payload)
      const { delayMs, megabytes } = watch.worst()
      const where = `${what} at ${method} ${url}`
      if (delayMs > worstDelay.delayMs) worstDelay = { delayMs, what: where }
      if (megabytes > worstMemory.megabytes) worstMemory = { megabytes, what: where }
      expect([400, 404, 413, 422], where).toContain(answer.statusCode)
      expect(answer.payload.length, where).toBeLessThan(100_000)
      expect(delayMs, where).toBeLessThanOrEqual(maxDelayMs)
      expect(megabytes, where).toBeLessThanOrEqual(maxMegabytes)
    }
    await server.close()
  },
)
