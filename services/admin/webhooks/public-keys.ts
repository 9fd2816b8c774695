import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import { openSigningKeys, type PublicJwk, toPublicJwk } from '../../config-topics/signing-keys.ts'
import { choice, list, shape, text } from '../../domain/api/parts.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { addAccessRoute } from '../access/access-route.ts'
import type { WebhookStore } from '../definition-writes/stores.ts'
import { BusinessParams } from '../http/shapes.ts'

/**
 * How long receivers may keep the keys, in seconds. Much shorter than the overlap of a rotation, so that a receiver always
 * knows one of the keys that sign.
 */
const keptSeconds = 300

const WebhookKeys = shape('WebhookKeys', {
  keys: list(
    Type.Object({
      kty: choice(['OKP']),
      crv: choice(['Ed25519']),
      alg: choice(['EdDSA']),
      use: choice(['sig']),
      kid: text('Thumbprint of the key (RFC 7638).'),
      x: text('The public key, base64url.'),
      webhookId: text('The webhook whose notifications it signs.'),
    }),
  ),
})
type WebhookKeys = Static<typeof WebhookKeys>

export type PublicKeysDeps = { store: Pick<WebhookStore, 'entries'>; keys: KeyRing; clock: Pick<Clock, 'nowMs'> }

/** Public keys of a business's webhooks that sign by v1a, as a JWK Set (RFC 7517) for everybody. */
export function addPublicKeys(server: FastifyInstance, { store, keys, clock }: PublicKeysDeps): void {
  const read = publicKeyReader(keys)
  addAccessRoute(server, {
    operationId: 'getWebhookKeys',
    method: 'GET',
    url: '/.well-known/webhook-keys/:businessId',
    isOpen: true,
    schema: {
      tags: ['keys'],
      summary: 'Public keys that verify v1a signatures',
      description: 'A JWK Set: current keys, and replaced ones while they still sign. Empty for an unknown business.',
      params: BusinessParams,
      answers: {
        200: { description: 'The keys.', schema: WebhookKeys, headers: { 'cache-control': { type: 'string' } } },
      },
    },
    handle: async ({ params: { businessId } }) => {
      const own = [...store.entries()]
        .map(({ definition }) => definition)
        .filter((each) => each.businessId === businessId)
      const body = { keys: own.flatMap((definition) => read(definition, clock.nowMs())) }
      return { status: 200 as const, headers: { 'cache-control': `public, max-age=${keptSeconds}` }, body }
    },
  })
}

/** Reads public keys. Opens each definition's once: the route is open to everybody, and opening takes a while. */
function publicKeyReader(keys: KeyRing): (definition: WebhookDefinition, nowMs: number) => WebhookKeys['keys'] {
  const known = new WeakMap<WebhookDefinition, { jwk: PublicJwk; untilMs: number }[]>()
  return (definition, nowMs) => {
    const found = known.get(definition) ?? openPublicKeys(definition, keys, nowMs)
    known.set(definition, found)
    return found.filter(({ untilMs }) => nowMs < untilMs).map(({ jwk }) => ({ ...jwk, webhookId: definition.id }))
  }
}

/** None if a key cannot be opened: such a webhook does not sign either. */
function openPublicKeys(definition: WebhookDefinition, keys: KeyRing, nowMs: number) {
  const opened = openSigningKeys(definition, keys, nowMs)
  return opened.ok ? opened.keys.map(({ key, untilMs }) => ({ jwk: toPublicJwk(key), untilMs })) : []
}
