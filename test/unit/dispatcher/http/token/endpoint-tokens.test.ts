import { expect, test } from 'vitest'
import { EndpointTokens, type TokenResult } from '../../../../../services/dispatcher/http/token/endpoint-tokens.ts'

const credentials = {
  tokenUrl: 'https://login.example/',
  clientId: 'c',
  clientSecret: 's',
  scope: '',
  owner: 'b',
  trusted: null,
}

/** Tokens under a clock that the test moves. Requests wait until the test answers them. */
function createTokens() {
  const clock = { nowMs: 0 }
  const requests: ((result: TokenResult) => void)[] = []
  const tokens = new EndpointTokens((_credentials, done) => void requests.push(done), { nowMs: () => clock.nowMs })
  const answer = (value: string, lifeMs = 100_000) =>
    requests.shift()?.({ kind: 'token', token: { value, expiresAtMs: clock.nowMs + lifeMs } })
  const ask = (id = 'w', by = credentials) => new Promise<TokenResult>((done) => tokens.get(id, by, done))
  const textOf = (result: TokenResult | null) => (result?.kind === 'token' ? result.token.value : result)
  return { clock, requests, tokens, answer, ask, textOf }
}

test('requests of a webhook share one request for a token, and then the token', async () => {
  const { requests, answer, ask, textOf } = createTokens()
  const waiting = [ask(), ask(), ask()]
  expect(requests).toHaveLength(1)
  answer('one')
  expect((await Promise.all([...waiting, ask()])).map(textOf)).toEqual(['one', 'one', 'one', 'one'])
  expect(requests).toHaveLength(0)
})

test('a token is renewed before its end, and nobody waits for that', async () => {
  const { clock, requests, answer, ask, textOf } = createTokens()
  const first = ask()
  answer('one')
  await first
  clock.nowMs = 89_999
  await ask()
  expect(requests).toHaveLength(0)
  clock.nowMs = 90_000
  expect([textOf(await ask()), textOf(await ask())]).toEqual(['one', 'one'])
  expect(requests).toHaveLength(1)
  answer('two')
  expect(textOf(await ask())).toBe('two')
})

test('a token that cannot be renewed is used until its end, and not after', async () => {
  const { clock, requests, answer, ask, textOf } = createTokens()
  const first = ask()
  answer('one')
  await first
  clock.nowMs = 95_000
  expect(textOf(await ask())).toBe('one')
  requests.shift()?.({ kind: 'away', reason: 'gone' })
  expect(textOf(await ask())).toBe('one')
  requests.shift()?.({ kind: 'away', reason: 'gone' })
  clock.nowMs = 100_000
  const late = [ask(), ask()]
  requests.shift()?.({ kind: 'away', reason: 'gone' })
  expect((await Promise.all(late)).map(({ kind }) => kind)).toEqual(['away', 'away'])
})

test('a token that is refused is replaced once, for all requests that had it, unless it is young', async () => {
  const { clock, requests, tokens, answer, ask, textOf } = createTokens()
  const first = ask()
  answer('one')
  const had = await first
  if (had.kind !== 'token') throw new Error('no token')
  const replace = () => new Promise<TokenResult | null>((done) => tokens.replace('w', credentials, had.token, done))
  clock.nowMs = 9_999
  expect(await replace()).toBeNull()
  clock.nowMs = 10_000
  const replaced = [replace(), replace()]
  expect(requests).toHaveLength(1)
  answer('two')
  expect((await Promise.all([...replaced, replace()])).map(textOf)).toEqual(['two', 'two', 'two'])
  expect(requests).toHaveLength(0)
})

test('each webhook, and each version of its credentials, has a token of its own', async () => {
  const { requests, answer, ask, textOf } = createTokens()
  const asked = [ask('w'), ask('v'), ask('w', { ...credentials })]
  expect(requests).toHaveLength(3)
  for (const value of ['w1', 'v1', 'w2']) answer(value)
  expect((await Promise.all(asked)).map(textOf)).toEqual(['w1', 'v1', 'w2'])
})
