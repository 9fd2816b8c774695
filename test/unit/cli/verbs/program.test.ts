import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { watchReplay } from '../../../../services/cli/output/replay-progress.ts'
import type { Terminal } from '../../../../services/cli/terminal.ts'
import { toSelection } from '../../../../services/cli/verbs/sending-verbs.ts'
import type { ReplayProgress } from '../../../../services/domain/api/replays.ts'
import { commandLine } from '../../../support/command-line.ts'

/** Admin's answers by method and path, with a list of the requests. */
const answers = new Map<string, { status: number; body: unknown }>()
const requests: string[] = []
const server = createServer((request, response) => {
  const line = `${request.method} ${request.url}`
  requests.push(line)
  const { status, body } = answers.get(line) ?? { status: 404, body: { title: 'Not Found' } }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
let webhooks: ReturnType<typeof commandLine>
let url: string
const root = '/api/v1/businesses/b%2F1'

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  webhooks = commandLine({ HOOKLINE_ADMIN_URL: url, HOOKLINE_TOKEN: 'very-secret-token', HOOKLINE_BUSINESS: 'b/1' })
})
afterAll(() => server.close())

test.each([
  [[], 2],
  [['--help'], 0],
  [['tail', '--help'], 0],
  [['frobnicate'], 2],
  [['get'], 2],
  [['apply'], 2],
  [['apply', '-f', 'absent.yaml'], 2],
  [['list', '-o', 'xml'], 2],
  [['attempts', 'x', '--limit', '0'], 2],
  [['tail', 'x', '--from', 'yesterday'], 2],
  [['find', 'b/1'], 2],
  [['find', 'b/1', 'q', '--limit', '0'], 2],
  [['replay', 'x'], 2],
  [['replay', '--dead-letters'], 2],
  [['replay', '--unread', 'message-events'], 2],
  [['replay', 'x', '--unread', 'message-events', '--since', '1h'], 2],
])('the arguments %j end with %d before anything is requested', async (args, exitCode) => {
  const before = requests.length
  const ran = await webhooks(args)
  expect(ran.exitCode, ran.err).toBe(exitCode)
  expect(requests.length).toBe(before)
})

test('find shows each notification with its fate, follows pages, and says how far back it has looked', async () => {
  const found = {
    ...{ id: 'm-0-1-wh', at: '2026-03-04T05:06:07.008Z', eventId: 'e1', kind: 'message', status: null },
    ...{
      contactId: '5491155550212',
      from: 'user',
      text: 'Quiero 2 medialunas',
      messageIds: ['m1'],
      webhookName: 'Till',
    },
    ...{ deliveryId: 'msg_1', fate: 'givenUp', reason: 'refused', attempts: 1, responseStatus: 400, cause: '4xx' },
  }
  const lost = {
    ...found,
    eventId: 'e2',
    webhookName: null,
    deliveryId: null,
    fate: 'notSent',
    reason: 'unknown-channel',
  }
  const page = { notifications: [found], searchedBackTo: '2026-03-04T05:00:00.000Z', isComplete: true, nextCursor: 'c' }
  const last = { notifications: [lost], searchedBackTo: '2026-03-01T00:00:00.000Z', isComplete: true }
  answers.set(`GET ${root}/notifications?q=0212&limit=20`, { status: 200, body: page })
  answers.set(`GET ${root}/notifications?q=0212&limit=19&cursor=c`, { status: 200, body: last })
  const ran = await webhooks(['find', 'b/1', '0212'])
  expect(ran.exitCode).toBe(0)
  expect(ran.out).toMatch(/FATE +REASON/)
  expect(ran.out).toMatch(/Till +given up +refused +400 +1 +user: Quiero 2 medialunas +msg_1/)
  expect(ran.out).toMatch(/ - +not sent +unknown-channel/)
  expect(ran.err).toContain('Searched back to 2026-03-01T00:00:00.000Z.')
  const asJson = JSON.parse((await webhooks(['find', 'b/1', '0212', '-o', 'json'])).out)
  expect(asJson.map(({ eventId }: { eventId: string }) => eventId)).toEqual(['e1', 'e2'])
})

test('list follows pages and escapes identifiers', async () => {
  const one = (id: string) => ({ businessId: 'b/1', id, name: id, enabled: true, channels: ['c'], url: 'https://a' })
  answers.set(`GET ${root}/webhooks?limit=200`, { status: 200, body: { webhooks: [one('a')], nextCursor: 'x y' } })
  answers.set(`GET ${root}/webhooks?limit=200&cursor=x+y`, { status: 200, body: { webhooks: [one('b')] } })
  const ran = await webhooks(['list', '-o', 'json'])
  expect(ran).toMatchObject({ exitCode: 0, err: '' })
  expect((JSON.parse(ran.out) as { id: string }[]).map(({ id }) => id)).toEqual(['a', 'b'])
  expect((await webhooks(['list'])).out).toMatch(/BUSINESS +ID +NAME +STATE/)
})

test('a redirect is not followed, as the token would go with it', async () => {
  answers.set(`GET ${root}/account`, { status: 302, body: {} })
  expect(await webhooks(['account', 'get'])).toMatchObject({ exitCode: 1, out: '' })
})

test('no problem shows the token, and an unreachable server ends with 6', async () => {
  const refused = await webhooks(['get', 'x'])
  expect(refused.exitCode).toBe(4)
  const dead = commandLine({
    HOOKLINE_ADMIN_URL: 'http://127.0.0.1:1',
    HOOKLINE_TOKEN: 'very-secret-token',
    HOOKLINE_BUSINESS: 'b',
  })
  const away = await dead(['account', 'get'])
  expect(away).toMatchObject({
    exitCode: 6,
    out: '',
    err: expect.stringContaining('no answer from http://127.0.0.1:1'),
  })
  expect(refused.err + away.err).not.toContain('very-secret-token')
})

describe('the verb replay', () => {
  const nowMs = Date.parse('2026-03-08T12:00:00.000Z')
  const at = (iso: string) => () => iso

  test.each([
    [{ delivery: 'msg_1' }, { deliveryId: 'msg_1' }],
    [{ deadLetters: true }, { deadLetters: true }],
    [
      { deadLetters: true, since: at('a'), until: at('b') },
      { deadLetters: true, since: 'a', until: 'b' },
    ],
    [
      { since: at('a'), until: at('b'), outcome: ['error'] },
      { since: 'a', until: 'b', outcomes: ['error'] },
    ],
    [{ contact: '549' }, { contactId: '549' }],
    [
      { deadLetters: true, contact: '549' },
      { deadLetters: true, contactId: '549' },
    ],
  ])('the options %j make a replay', (options, body) => {
    expect(toSelection(options, nowMs)).toEqual(body)
  })

  test.each([
    {},
    { delivery: 'x', deadLetters: true },
    { until: at('b') },
    { deadLetters: true, outcome: ['error'] },
    { skipped: true, contact: '549' },
  ])('the options %j make no replay', (options) => {
    expect(() => toSelection(options, nowMs)).toThrow(/choose one/)
  })

  test('replay of unread records takes a topic and a range of times', async () => {
    answers.set('POST /api/v1/unread/replay', { status: 200, body: { count: 3 } })
    const ran = await webhooks(['replay', '--unread', 'message-events', '--since', '1h', '-o', 'json'])
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(JSON.parse(ran.out)).toEqual({ count: 3 })
  })

  test('replay --dry-run prints the count and starts nothing', async () => {
    const webhook = { businessId: 'b/1', id: 'w', name: 'w', version: 1, channels: [], url: 'https://a' }
    answers.set(`GET ${root}/webhooks/w`, { status: 200, body: webhook })
    answers.set(`POST ${root}/webhooks/w/replay`, { status: 200, body: { count: 7, seconds: 1 } })
    const ran = await webhooks(['replay', 'w', '--dead-letters', '--dry-run', '-o', 'json'])
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(JSON.parse(ran.out)).toEqual({ count: 7, seconds: 1 })
  })

  test('replay is followed to its end, or until Ctrl-C', async () => {
    const outcomes = { success: 0, slow: 0, error: 0, rejected: 0 }
    const state = (waiting: number, retrying: number): ReplayProgress => {
      const common = { replayId: 'r', startedAt: '', count: 4, waiting, retrying }
      return { ...common, stopped: false, outcomes: { ...outcomes, success: 4 - waiting - retrying } }
    }
    const states = [state(4, 0), state(2, 1), state(0, 1), state(0, 0)]
    const lines: string[] = []
    const ending = new AbortController()
    const terminal = {
      clock: { sleep: async () => undefined },
      interactive: false,
      interrupted: ending.signal,
      err: (line: string) => lines.push(line),
    } as unknown as Terminal
    expect(await watchReplay(terminal, async () => states.shift() ?? state(9, 9))).toEqual(state(0, 0))
    expect(lines[0]).toBe('0 of 4 done; \n')
    ending.abort()
    expect(await watchReplay(terminal, async () => state(3, 0))).toEqual(state(3, 0))
  })
})
