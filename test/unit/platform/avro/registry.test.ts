import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createRegistry, readAnswer, wrapRequests } from '../../../../services/platform/avro/registry.ts'

const schema = { type: 'record', name: 'R', fields: [] }
const json = 'application/json'

describe('answers of the registry', () => {
  test.each([
    ['a schema', 200, json, '{"schema":"x"}', { kind: 'ok', body: { schema: 'x' } }],
    ['of its own media type', 200, 'application/vnd.schemaregistry.v1+json', '{}', { kind: 'ok', body: {} }],
    ['schema not found', 404, json, '{"error_code":40403}', { kind: 'error', code: 40_403 }],
    ['subject not found', 404, `${json}; charset=utf-8`, '{"error_code":40401}', { kind: 'error', code: 40_401 }],
  ])("an answer counts as the registry's if it has the form of its API: %s", (_what, status, type, text, answer) => {
    expect(readAnswer(status, type, text)).toEqual(answer)
  })

  test.each([
    ['404 of a proxy', 404, 'text/html', '<h1>Not found</h1>'],
    ['404 of a proxy as JSON', 404, json, '{"message":"no route"}'],
    ['404 of the registry for a path that it does not know', 404, json, '{"error_code":404}'],
    ['404 without a body', 404, json, ''],
    ['its code with another status', 403, json, '{"error_code":40403}'],
    ['its code as text', 404, json, '{"error_code":"40403"}'],
    ['its code in a page', 404, 'text/html', '{"error_code":40403}'],
    ['403', 403, json, '{"error_code":40301}'],
    ['429', 429, json, '{}'],
    ['500 of its own', 500, json, '{"error_code":50001}'],
    ['a page with 200', 200, 'text/html', '<html></html>'],
    ['JSON with 200 and no content type', 200, null, '{"schema":"x"}'],
    ['a page called JSON', 200, json, '<html></html>'],
    ['half an answer', 200, json, '{"schema":"x'],
    ['null', 200, json, 'null'],
    ['a list of a proxy without an object', 200, json, '"up"'],
  ])("an answer does not count as the registry's: %s", (_what, status, type, text) => {
    expect(() => readAnswer(status, type, text)).toThrow(`status ${status}`)
  })
})

describe('a schema by its id', () => {
  const find = (answers: Record<string, object>, id = 1) =>
    wrapRequests(async (path) => {
      const body = answers[path]
      return body ? { kind: 'ok', body: body as Record<string, unknown> } : { kind: 'error', code: 40_403 }
    }).findSchema(id)

  test('a schema includes its references, each once, and the deepest first', async () => {
    const named = (name: string) => ({ type: 'record', name, fields: [] })
    const refersTo = (...subjects: string[]) => ({ references: subjects.map((subject) => ({ subject, version: 1 })) })
    const answers = {
      '/schemas/ids/1': { schema: JSON.stringify(schema), ...refersTo('a', 'b') },
      '/subjects/a/versions/1': { schema: JSON.stringify(named('A')), ...refersTo('b') },
      '/subjects/b/versions/1': { schema: JSON.stringify(named('B')), ...refersTo('a') },
    }
    expect(await find(answers)).toEqual({ kind: 'avro', schema, references: [named('B'), named('A')] })
  })

  test.each([
    ['that the registry does not have', {}, { kind: 'unknown' }],
    [
      'of another kind',
      { schema: '{}', schemaType: 'PROTOBUF' },
      { kind: 'unusable', reason: 'is PROTOBUF, not Avro' },
    ],
    ['that is not JSON', { schema: '{' }, { kind: 'unusable', reason: 'is not JSON' }],
    [
      'that refers to what is not there',
      { schema: '"x"', references: [{ subject: 's', version: 2 }] },
      { kind: 'unusable', reason: 'refers to s, version 2, which does not exist' },
    ],
  ])('a schema %s is unknown or unusable', async (_what, answer, found) => {
    expect(await find('schema' in answer ? { '/schemas/ids/1': answer } : {})).toEqual(found)
  })

  test("an answer without a schema does not count as the registry's", async () => {
    await expect(find({ '/schemas/ids/1': { status: 'UP' } })).rejects.toThrow('no schema')
  })
})

describe('requests to the registry', () => {
  let server: Server
  const listen = async (answer: RequestListener) => {
    server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`
    return createRegistry({
      SCHEMA_REGISTRY_URL: url,
      SCHEMA_REGISTRY_USERNAME: 'user',
      SCHEMA_REGISTRY_PASSWORD: 'pass:word',
    })
  }
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  test('the registry is asked with credentials, and a subject is escaped in its URL', async () => {
    const registry = await listen((request, response) => {
      const said = { id: 7, seen: `${request.method} ${request.url} ${request.headers.authorization}` }
      const isRight = said.seen === `POST /api/subjects/a%2Fb Basic ${Buffer.from('user:pass:word').toString('base64')}`
      response.setHeader('content-type', json).end(JSON.stringify(isRight ? said : {}))
    })
    expect(await registry.findId('a/b', schema)).toBe(7)
  })

  test.each([[-1], [1.5], ['7'], [2 ** 31], [undefined]])(
    'an id that is invalid (%s) does not count as an answer',
    async (id) => {
      const registry = await listen((_request, response) => {
        response.setHeader('content-type', json).end(JSON.stringify({ id }))
      })
      await expect(registry.findId('a', schema)).rejects.toThrow('no id')
    },
  )

  test('an answer that does not end is given up, and so is a reset connection', async () => {
    const registry = await listen((request, response) => {
      if (request.url?.endsWith('/1')) return void request.socket.destroy()
      response.setHeader('content-type', json)
      const more = () => {
        while (response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    await expect(registry.findSchema(1)).rejects.toThrow('')
    await expect(registry.findSchema(2)).rejects.toThrow('more than 4194304 bytes')
  })
})
