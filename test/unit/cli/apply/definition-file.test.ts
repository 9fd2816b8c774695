import { expect, test } from 'vitest'
import { type ReadFile, readDefinitions } from '../../../../services/cli/apply/definition-file.ts'

const read = (text: string, env = {}): ReadFile => readDefinitions(text, 'a.yaml', env)

test('several documents, a list in one, an empty one, comments', () => {
  const text =
    '# all of them\nname: A\nurl: https://a.example/\n---\n---\n- { name: B }\n- { id: wh_3, businessId: other }\n'
  expect(read(text)).toEqual({
    ok: true,
    wanted: [
      { place: 'a.yaml:2', name: 'A', fields: { name: 'A', url: 'https://a.example/' } },
      { place: 'a.yaml:6', name: 'B', fields: { name: 'B' } },
      { place: 'a.yaml:6', id: 'wh_3', businessId: 'other', fields: {} },
    ],
  })
})

test('what get shows can be read back: the server made the rest', () => {
  const text =
    '{ "id": "wh_1", "businessId": "b", "name": "A", "version": 3, "createdAt": "2026-01-01T00:00:00.000Z", ' +
    '"updatedAt": "2026-01-01T00:00:00.000Z", "conflicts": [], "status": { "state": "idle" }, "lastHour": {}, ' +
    '"disabledReason": "gone", "fault": { "problems": [] }, "previousSecretUntil": "2026-01-01T00:00:00.000Z" }'
  expect(read(text)).toMatchObject({ ok: true, wanted: [{ id: 'wh_1', businessId: 'b', fields: { name: 'A' } }] })
})

test('the value of a header may be a variable', () => {
  const text = 'name: A\nheaders:\n  one: $<KEY>\n  two: plain $<KEY>\n'.replaceAll(/<(\w+)>/g, '{$1}')
  expect(read(text, { KEY: 'k1' })).toMatchObject({
    ok: true,
    wanted: [{ fields: { headers: { one: 'k1', two: expect.stringMatching(/^plain .\{KEY\}$/) } } }],
  })
  expect(read(text)).toEqual({ ok: false, problems: ['a.yaml:1: headers.one: the variable KEY is not set'] })
})

test.each([
  ['', 'a.yaml: holds no definition'],
  ['- text', 'a.yaml:1: must be object'],
  ['url: https://a.example/', 'a.yaml:1: id or name is required'],
  ['name: A\nsecret: whsec_x', 'a.yaml:1: secret is made by the server: see rotate-secret'],
  ['name: A\nchanels: [a]', 'a.yaml:1: chanels must NOT have additional properties'],
  ['name: A\nevents: { userMessage: true }', 'a.yaml:1: events.userMessage must NOT have additional properties'],
  ['name: A\n---\nname: B\ntimeoutMs: 5', 'a.yaml:3: timeoutMs must be >= 1000'],
  ['name: A\nchannels: [a, a]', 'a.yaml:1: channels must NOT have duplicate items (items ## 1 and 0 are identical)'],
])('wrong: %j', (text, problem) => {
  const found = read(text)
  expect(found.ok ? [] : found.problems).toContain(problem)
})

test('YAML that is none is told with its line', () => {
  expect(read('name: "A')).toMatchObject({ ok: false, problems: [expect.stringMatching(/^a\.yaml: .* at line 1/)] })
})
