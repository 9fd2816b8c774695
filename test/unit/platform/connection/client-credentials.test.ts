import { afterEach, beforeEach, expect, test } from 'vitest'
import { clientCredentials } from '../../../../services/platform/connection/client-credentials.ts'
import { startTokenServer, type TokenServer } from '../../../support/secured/token-server.ts'

let server: TokenServer
const clock = { nowMs: () => 1_000 }

beforeEach(async () => {
  server = await startTokenServer({ id: 'me', secret: 'a secret' }, 30)
})
afterEach(() => server[Symbol.asyncDispose]())

const issuer = (more: object = {}) =>
  clientCredentials(
    { T_TOKEN_URL: server.tokenUrl, T_CLIENT_ID: 'me', T_CLIENT_SECRET: 'a secret', T_SCOPE: 'kafka', ...more },
    'T_',
    clock,
  )

test('a token is issued with the time at which it expires', async () => {
  const { value, expiresAtMs } = await issuer()()
  expect(value.split('.')).toHaveLength(3)
  expect(expiresAtMs).toBe(31_000)
})

test('a refused client is told which variables to check', async () => {
  await expect(issuer({ T_CLIENT_SECRET: 'wrong' })()).rejects.toThrow(
    `no token from ${server.tokenUrl} (T_TOKEN_URL): invalid_client; check T_CLIENT_ID and T_CLIENT_SECRET`,
  )
})

test('a token server that cannot be reached is named with the reason', async () => {
  await expect(issuer({ T_TOKEN_URL: 'http://127.0.0.1:1/token' })()).rejects.toThrow(
    /^no token from http:\/\/127\.0\.0\.1:1\/token \(T_TOKEN_URL\): .*ECONNREFUSED/,
  )
})
