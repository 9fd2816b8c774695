import { expect, test } from 'vitest'
import { type AccessToken, TokenCache } from '../../../../services/platform/connection/token-cache.ts'

/** A cache whose issuer gives tokens of 30 s, numbered, at a time set by the test. */
function cacheAt(lifetimeMs = 30_000) {
  const clock = { ms: 0, nowMs: () => clock.ms }
  let issued = 0
  let isAway = false
  const issue = async (): Promise<AccessToken> => {
    if (isAway) throw new Error('away')
    return { value: `token ${++issued}`, expiresAtMs: clock.ms + lifetimeMs }
  }
  const cache = new TokenCache(issue, clock)
  return {
    at(ms: number) {
      clock.ms = ms
      return cache.current()
    },
    leave() {
      isAway = true
    },
    count: () => issued,
  }
}

test('a token is renewed when half of its life is over, and not before', async () => {
  const cache = cacheAt()
  expect([await cache.at(0), await cache.at(14_999), await cache.at(15_000)]).toEqual(['token 1', 'token 1', 'token 2'])
})

test('connections that ask at the same time share one token', async () => {
  const cache = cacheAt()
  await Promise.all([cache.at(0), cache.at(0), cache.at(0)])
  expect(cache.count()).toBe(1)
})

test('while no token can be issued, the present one is used until it expires', async () => {
  const cache = cacheAt()
  await cache.at(0)
  cache.leave()
  expect(await cache.at(29_999)).toBe('token 1')
  await expect(cache.at(30_000)).rejects.toThrow('away')
})
