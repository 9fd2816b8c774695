import { hash } from 'node:crypto'
import got from 'got'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { type Receiver, startReceiver } from '../../../../deploy/receiver/receiver.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const otherSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const body = JSON.stringify({ type: 'status', contactId: 'ana', messageId: 'm', status: 'read' })

function send(receiver: Receiver, path: string, { sent = body, timeoutMs = 20_000 } = {}) {
  const now = new Date(systemClock.nowMs())
  return got.post(receiver.url + path, {
    body: sent,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { request: timeoutMs },
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'w-1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('w-1', now, body),
      'x-webhook-attempt': '2',
    },
  })
}

test('an arrival contains everything that tests ask for', async () => {
  await using receiver = await startReceiver({ clock: systemClock })
  receiver.expectSecrets('/hook', [secret])
  const { statusCode } = await send(receiver, '/hook')

  expect(statusCode).toBe(204)
  expect(receiver.arrivals).toMatchObject([
    {
      path: '/hook',
      webhookId: 'w-1',
      attempt: 2,
      bodyHash: hash('sha256', body),
      notification: { contactId: 'ana' },
      signature: 'valid',
    },
  ])
})

test.each([
  { what: 'another secret', known: [otherSecret], sent: body, signature: 'invalid' },
  { what: 'one of two secrets', known: [otherSecret, secret], sent: body, signature: 'valid' },
  { what: 'an altered body', known: [secret], sent: `${body} `, signature: 'invalid' },
  { what: 'no known secret', known: undefined, sent: body, signature: 'unchecked' },
])('the signature of a request with $what is $signature', async ({ known, sent, signature }) => {
  await using receiver = await startReceiver({ clock: systemClock })
  if (known) receiver.expectSecrets('/hook', known)
  await send(receiver, '/hook', { sent })

  expect(receiver.arrivals[0]?.signature).toBe(signature)
})

test('the receiver answers as scripted for the path', async () => {
  await using receiver = await startReceiver({ clock: systemClock })
  receiver.answer('/bad', { kind: 'status', status: 503, headers: { 'retry-after': '7' }, body: 'busy' })
  receiver.answer('/once', () => ({ kind: 'status', status: receiver.arrivals.length === 2 ? 500 : 200 }))
  receiver.answer('/hang', { kind: 'hang' })
  receiver.answer('/reset', { kind: 'reset' })

  const bad = await send(receiver, '/bad')
  const once = await send(receiver, '/once')
  const again = await send(receiver, '/once')

  expect([bad.statusCode, bad.headers['retry-after'], bad.body]).toEqual([503, '7', 'busy'])
  expect([once.statusCode, again.statusCode]).toEqual([500, 200])
  await expect(send(receiver, '/hang', { timeoutMs: 3_000 })).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  await expect(send(receiver, '/reset')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(receiver.arrivals.map(({ path }) => path)).toEqual(['/bad', '/once', '/once', '/hang', '/reset'])
})
