import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createHttpServer } from '../../../../services/platform/http/http-server.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'

function create() {
  const server = createHttpServer({
    log: pino({ level: 'silent' }),
    readiness: new Readiness(),
    metrics: new Registry(),
  })
  server.get('/a/:id', { schema: { params: { properties: { id: { maxLength: 5 } } } } }, async () => ({}))
  server.post('/a/:id/b.c', async () => ({}))
  server.post('/a/named', async () => ({}))
  return server
}

test.each([
  ['GET', '/a/1', 200, undefined],
  ['DELETE', '/a/1', 405, 'GET, HEAD'],
  ['QUERY', '/a/1?x=/', 405, 'GET, HEAD'],
  ['TRACE', '/a/1', 405, 'GET, HEAD'],
  ['PUT', '/a/named', 405, 'GET, HEAD, POST'],
  ['GET', '/a/1/b.c', 405, 'POST'],
  ['GET', '/a/1/bxc', 404, undefined],
  ['DELETE', '/a/1/2', 404, undefined],
  ['GET', `/a/${'1'.repeat(6)}`, 400, undefined],
  ['GET', `/a/${'1'.repeat(1_900)}`, 400, undefined],
  ['GET', '/a/%', 400, undefined],
])('the request %s %s is answered with %i', async (method, url, status, allow) => {
  const answer = await create().inject({ method: method as 'GET', url })
  expect([answer.statusCode, answer.headers.allow]).toEqual([status, allow])
  if (status >= 400) {
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({ type: 'about:blank', status })
  }
})

test('a parameter that the router refuses is answered with problem details', async () => {
  const answer = await create().inject({ url: `/a/${'1'.repeat(3_000)}` })
  expect(answer.json()).toMatchObject({ type: 'about:blank', status: answer.statusCode })
})

test.each([
  ['a text', '{"a":{"b":["\\ud83d"]}}', 'a.b.0'],
  ['a name', '{"a":{"\\ud83d":1}}', 'a.\ufffd'],
  ['the whole body', '"\\udc00"', ''],
])('a body with half an emoji in %s is answered with 422 naming the field', async (_where, payload, field) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await create().inject({ method: 'POST', url: '/a/named', headers, payload })
  expect([answer.statusCode, answer.json().errors]).toEqual([
    422,
    [{ field, message: 'must be well-formed Unicode', code: 'malformed' }],
  ])
  const good = await create().inject({ method: 'POST', url: '/a/named', headers, payload: '{"a":"😀"}' })
  expect(good.statusCode).toBe(200)
})

test('a deeply nested body is checked without recursion', async () => {
  const payload = `${'['.repeat(200_000)}"\\ud83d"${']'.repeat(200_000)}`
  const headers = { 'content-type': 'application/json' }
  const answer = await create().inject({ method: 'POST', url: '/a/named', headers, payload })
  expect(answer.statusCode).toBe(422)
  expect(answer.payload.length).toBeLessThan(1_000)
})
