import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { rotated } from '../../../../services/admin/webhooks/next-definition.ts'
import { addPublicKeys } from '../../../../services/admin/webhooks/public-keys.ts'
import { withSigningKey } from '../../../../services/admin/webhooks/secrets.ts'
import { newSigningKey } from '../../../../services/config-topics/signing-keys.ts'
import { sealContext, type WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import { createHttpServer } from '../../../../services/platform/http/http-server.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { definition, keys, nowMs, secretOf } from '../support.ts'

type Answer = { keys: Record<string, string>[] }

/** Asks without any credentials. */
async function ask(definitions: WebhookDefinition[], businessId: string, atMs = nowMs) {
  const server = createHttpServer({
    log: pino({ level: 'silent' }),
    readiness: new Readiness(),
    metrics: new Registry(),
  })
  onTestFinished(() => void server.close())
  const store = { entries: () => definitions.map((each, offset) => ({ definition: each, offset })) }
  addPublicKeys(server, { store, keys, clock: { nowMs: () => atMs } })
  const response = await server.inject(`/.well-known/webhook-keys/${businessId}`)
  return { ...response, body: response.json<Answer>() }
}

function signing(id: string, over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  const place = { id, businessId: 'b1', ...over }
  const secret = keys.seal(secretOf(id), sealContext(place, 'secret'))
  return withSigningKey(definition({ ...place, secret, signatures: ['v1a'] }), newSigningKey, keys)
}

test('public keys are those of the business, for everybody, without anything private', async () => {
  const all = [signing('wh_a'), signing('wh_b'), signing('wh_c', { businessId: 'b2' }), definition({ id: 'wh_d' })]
  const { statusCode, headers, body, payload } = await ask(all, 'b1')
  expect(statusCode).toBe(200)
  expect(headers['cache-control']).toBe('public, max-age=300')
  expect(body.keys.map(({ webhookId }) => webhookId)).toEqual(['wh_a', 'wh_b'])
  for (const key of body.keys)
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'webhookId', 'x'])
  expect(payload).not.toMatch(/wh_c|whsk_|sealed/)
})

test('an unknown business has no public keys', async () => {
  const { statusCode, body } = await ask([signing('wh_a')], 'nobody')
  expect([statusCode, body]).toEqual([200, { keys: [] }])
})

test('a replaced public key is shown while it still signs', async () => {
  const before = signing('wh_a')
  const after = withSigningKey(rotated(before, secretOf('new'), nowMs, keys), newSigningKey, keys)
  const dayMs = 24 * 3_600_000
  const [old] = (await ask([before], 'b1')).body.keys
  const during = (await ask([after], 'b1', nowMs + dayMs - 1)).body.keys
  expect(during).toHaveLength(2)
  expect(during[1]).toEqual(old)
  expect((await ask([after], 'b1', nowMs + dayMs)).body.keys).toEqual(during.slice(0, 1))
})

test('a key that cannot be opened is left out', async () => {
  const lost = { ...signing('wh_a'), signingKey: 'sealed:v1:gone:AAAA' }
  expect((await ask([lost, signing('wh_b')], 'b1')).body.keys.map(({ webhookId }) => webhookId)).toEqual(['wh_b'])
})
