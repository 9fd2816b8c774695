import { createHmac, randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { secretKey, signatureHeader } from '../../../../services/dispatcher/http/signature.ts'

function keyOf(secret: string) {
  const made = secretKey(secret)
  if (!made.ok) throw new Error(made.reason)
  return made.key
}

test('the test vector of Standard Webhooks is signed as published (guarantees.md, 32)', () => {
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const body = Buffer.from('{"test": 2432232314}')
  expect(signatureHeader([key], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('during a rotation, the public library verifies both secrets and no other', () => {
  const secrets = [1, 2, 3].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`) as [
    string,
    string,
    string,
  ]
  const body = Buffer.from('{"text":"¿Qué tal? 👋"}')
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = signatureHeader([keyOf(secrets[0]), keyOf(secrets[1])], 'msg_1', timestamp, body)
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
  expect(new Webhook(secrets[0]).verify(body, headers)).toEqual({ text: '¿Qué tal? 👋' })
  expect(new Webhook(secrets[1]).verify(body, headers)).toEqual({ text: '¿Qué tal? 👋' })
  expect(() => new Webhook(secrets[2]).verify(body, headers)).toThrow()
})

test.each([0, 1, 700, 16_000, 16_384, 300_000])(
  'the signature of a body of %d bytes equals that of node:crypto',
  (bytes) => {
    for (const secretBytes of [24, 25, 32, 63, 64]) {
      const [secret, body] = [randomBytes(secretBytes), randomBytes(bytes)]
      const hmac = createHmac('sha256', secret).update('msg_ñ.1614265330.').update(body).digest('base64')
      const key = keyOf(`whsec_${secret.toString('base64')}`)
      expect(signatureHeader([key, key], 'msg_ñ', 1614265330, body)).toBe(`v1,${hmac} v1,${hmac}`)
    }
  },
)

test.each([
  ['no prefix', Buffer.alloc(32).toString('base64')],
  ['23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`],
  ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
])('a secret with %s is refused', (_name, secret) => {
  expect(secretKey(secret).ok).toBe(false)
})
