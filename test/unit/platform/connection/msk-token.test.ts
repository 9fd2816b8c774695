import { afterEach, expect, test, vi } from 'vitest'
import { mskTokens } from '../../../../services/platform/connection/msk-token.ts'

afterEach(() => vi.unstubAllEnvs())

test('a token for Amazon MSK is a signed URL of the region, for the action Connect, and lasts 15 minutes', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a secret key')
  const before = Date.now()
  const { value, expiresAtMs } = await mskTokens('eu-west-1')()
  const url = new URL(Buffer.from(value, 'base64url').toString('utf8'))
  expect(url.host).toBe('kafka.eu-west-1.amazonaws.com')
  expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect')
  expect(url.searchParams.get('X-Amz-Credential')).toMatch(
    /^AKIDEXAMPLE\/\d{8}\/eu-west-1\/kafka-cluster\/aws4_request$/,
  )
  expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
  // The signer rounds down to the second.
  expect(expiresAtMs).toBeGreaterThanOrEqual(before + 899_000)
  expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + 900_000)
})
