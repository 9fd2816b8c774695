import type { LookupAddress } from 'node:dns'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hostsFile, parseHosts } from '../../../../../services/dispatcher/http/names/hosts-file.ts'
import { type AskName, createNameQuery, NameError } from '../../../../../services/dispatcher/http/names/name-query.ts'
import { Names } from '../../../../../services/dispatcher/http/names/names.ts'
import { startNameServer } from '../../../../support/name-server.ts'

const found: LookupAddress[] = [{ address: '192.0.2.7', family: 4 }]

/** Names whose lookups are answered by the test. */
function world() {
  const asked: { name: string; answer: Parameters<AskName>[1] }[] = []
  const state = { nowMs: 0 }
  const names = new Names({
    nowMs: () => state.nowMs,
    servers: [],
    ask: (name, answer) => asked.push({ name, answer }),
  })
  const told: string[] = []
  const look = (name: string, owner: string) =>
    names.resolve(name, { owner }, (error, addresses) => {
      told.push(`${owner} ${name}: ${error ? (error as NameError).code : addresses[0]?.address}`)
    })
  return { asked, told, look, state }
}

const turn = () => new Promise(setImmediate)

test('a name requested several times at once is queried once', () => {
  const { asked, told, look } = world()
  look('slow.test', 'a')
  look('other.test', 'a')
  look('SLOW.test.', 'b')
  expect(asked.map(({ name }) => name)).toEqual(['slow.test', 'other.test'])
  asked[0]?.answer(null, found, 60)
  expect(told).toEqual(['a slow.test: 192.0.2.7', 'b SLOW.test.: 192.0.2.7'])
})

test('an answer is cached for its TTL, ten seconds at most, and an error for three', async () => {
  const { asked, told, look, state } = world()
  const asks = async (name: string, answer: () => void) => {
    look(name, 'a')
    const isAsked = asked.at(-1)?.name === name
    if (isAsked) answer()
    await turn()
    asked.push({ name: 'none', answer: () => {} })
    return isAsked
  }
  const short = () => asks('short.test', () => asked.at(-1)?.answer(null, found, 2))
  const long = () => asks('long.test', () => asked.at(-1)?.answer(null, found, 3_600))
  const bad = () => asks('bad.test', () => asked.at(-1)?.answer(new NameError('ENOTFOUND', 'none'), [], 0))
  expect([await short(), await long(), await bad()]).toEqual([true, true, true])
  state.nowMs = 1_999
  expect([await short(), await long(), await bad()]).toEqual([false, false, false])
  state.nowMs = 3_000
  expect([await short(), await long(), await bad()]).toEqual([true, false, true])
  state.nowMs = 10_000
  expect(await long()).toBe(true)
  expect(told).toHaveLength(10)
  expect(told.filter((line) => line === 'a bad.test: ENOTFOUND')).toHaveLength(3)
})

test('unanswered names of one business wait for each other and delay no other business', () => {
  const { asked, told, look } = world()
  for (let i = 0; i < 500; i++) look(`silent-${i}.test`, 'bad')
  expect(asked).toHaveLength(16)
  look('good.test', 'good')
  expect(asked.at(-1)?.name).toBe('good.test')
  asked.at(-1)?.answer(null, found, 60)
  expect(told).toEqual(['good good.test: 192.0.2.7'])
  // A waiting name is looked up at once when another owner asks for it, and both get the answer.
  look('silent-400.test', 'good')
  expect(asked.at(-1)?.name).toBe('silent-400.test')
  asked.at(-1)?.answer(null, found, 60)
  expect(told.slice(1)).toEqual(['bad silent-400.test: 192.0.2.7', 'good silent-400.test: 192.0.2.7'])
})

test('each waiting name gets its turn and is queried once', () => {
  const { asked, told, look } = world()
  for (let i = 0; i < 100; i++) for (const owner of ['a', 'b']) look(`name-${i}.test`, owner)
  for (let i = 0; i < asked.length; i++) asked[i]?.answer(null, found, 60)
  expect(told).toHaveLength(200)
  expect(asked).toHaveLength(100)
})

test('owners take turns when there are too many queries in total', () => {
  const { asked, look } = world()
  for (let owner = 0; owner < 40; owner++) for (let i = 0; i < 20; i++) look(`${owner}-${i}.test`, `owner-${owner}`)
  expect(asked).toHaveLength(512)
  for (let i = 0; i < asked.length; i++) asked[i]?.answer(new NameError('ETIMEOUT', 'none'), [], 0)
  expect(new Set(asked.map(({ name }) => name)).size).toBe(800)
})

test('an owner with more names than may wait is refused', async () => {
  const { told, look } = world()
  for (let i = 0; i < 1_017; i++) look(`silent-${i}.test`, 'bad')
  await turn()
  expect(told).toEqual(['bad silent-1016.test: EBUSY'])
})

test('the hosts file comes before localhost, and is read again', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'hookline-hosts-')), 'hosts')
  writeFileSync(path, '# none\n192.0.2.1 One.test one # two\n2001:db8::1\tone\nnot-an-address three\n192.0.2.1 one\n')
  const hosts = hostsFile(path)
  expect(hosts('one', 0)).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ])
  expect(hosts('one.test', 0)).toHaveLength(1)
  expect([hosts('two', 0), hosts('three', 0)]).toEqual([[], []])
  expect(hosts('api.localhost', 0).map(({ address }) => address)).toEqual(['127.0.0.1', '::1'])
  writeFileSync(path, '192.0.2.9 localhost')
  expect(hosts('localhost', 4_999).map(({ address }) => address)).toEqual(['127.0.0.1', '::1'])
  expect(hosts('localhost', 5_000).map(({ address }) => address)).toEqual(['192.0.2.9'])
  expect(hostsFile('/no/such/file')('one', 0)).toEqual([])
  expect(parseHosts('192.0.2.1 __proto__').get('__proto__')).toHaveLength(1)
})

type Answer = { error: string | null; addresses: string[] }

const ask = (query: AskName, name: string) =>
  new Promise<Answer>((resolve) =>
    query(name, (error, addresses) =>
      resolve({ error: error?.code ?? null, addresses: addresses.map(({ address }) => address) }),
    ),
  )

test('names with addresses of one family, both, none, an alias, or a slow one are resolved', async () => {
  await using server = await startNameServer({
    'four.test': { A: ['192.0.2.1'] },
    'six.test': { AAAA: ['2001:db8::1'] },
    'both.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] },
    'alias.test': { alias: 'four.test', A: ['192.0.2.1'] },
    'half-silent.test': { A: ['192.0.2.1'], silent: 'AAAA' },
    'slow.test': { A: ['192.0.2.1'], delayMs: 4_000 },
    'broken.test': { code: 2 },
  })
  const query = createNameQuery([`127.0.0.1:${server.port}`])
  // A server that has been fast so far, as c-ares remembers.
  for (let number = 0; number < 10; number++) await ask(query, 'four.test')
  const names = ['four', 'six', 'both', 'alias', 'half-silent', 'slow', 'broken', 'none'].map((name) => `${name}.test`)
  expect(await Promise.all(names.map((name) => ask(query, name)))).toEqual([
    { error: null, addresses: ['192.0.2.1'] },
    { error: null, addresses: ['2001:db8::1'] },
    { error: null, addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] },
    { error: null, addresses: ['192.0.2.1'] },
    { error: null, addresses: ['192.0.2.1'] },
    { error: null, addresses: ['192.0.2.1'] },
    { error: 'ESERVFAIL', addresses: [] },
    { error: 'ENOTFOUND', addresses: [] },
  ])
})

test('a lost query is repeated, and sent to the next server', async () => {
  await using silent = await startNameServer({ 'good.test': { silent: 'all' } })
  await using server = await startNameServer({ 'good.test': { A: ['192.0.2.1'] } })
  const query = createNameQuery([`127.0.0.1:${silent.port}`, `127.0.0.1:${server.port}`])
  expect(await ask(query, 'good.test')).toEqual({ error: null, addresses: ['192.0.2.1'] })
})
