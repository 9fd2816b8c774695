import { sealContext, type WebhookDefinition } from '../domain/definition/definition.ts'
import { listFormerSecrets, withFormerSecrets } from '../domain/definition/secrets/former-secrets.ts'
import type { KeyRing, Opened } from '../platform/keyring.ts'
import {
  type BoundField,
  clientSecretField,
  headerField,
  isBound,
  openBound,
  sealBound,
  tlsKeyField,
} from './sealed-values.ts'

/** Value of a definition that is stored sealed, and the way to seal and open it. */
export type StoredSecret = {
  /** Name in messages. */
  what: string
  value: string
  open: (keys: KeyRing) => Opened
  seal: (keys: KeyRing, plain: string) => string
  /** Whether it is also bound to the origin that it is sent to. */
  isForOrigin: boolean
}

/** Fields under which replaced secrets and keys are sealed, whichever of them is the newest. */
export const formerSecretField = 'previousSecret'
export const formerSigningKeyField = 'previousSigningKey'

/** Definition with each of its sealed values replaced. No other place lists them all. */
function mapSecrets(definition: WebhookDefinition, replace: (stored: StoredSecret) => string): WebhookDefinition {
  const { secret, signingKey, headers, tls, oauth2, url } = definition
  const own = (what: string, field: string, value: string) => replace(ownSecret(definition, what, field, value))
  const former = listFormerSecrets(definition).map((each) => ({
    ...each,
    secret: own('a former secret', formerSecretField, each.secret),
    ...(each.signingKey !== undefined && {
      signingKey: own('a former signing key', formerSigningKeyField, each.signingKey),
    }),
  }))
  const bound = (what: string, field: BoundField, value: string) => replace(boundSecret(definition, what, field, value))
  const mappedHeaders = Object.entries(headers).map(([name, value]) => [
    name,
    bound(`headers.${name}`, headerField(name, url), value),
  ])
  return {
    ...withFormerSecrets(definition, former),
    ...(secret !== undefined && { secret: own('secret', 'secret', secret) }),
    ...(signingKey !== undefined && { signingKey: own('signingKey', 'signingKey', signingKey) }),
    headers: Object.fromEntries(mappedHeaders),
    ...(tls?.key !== undefined && { tls: { ...tls, key: bound('tls.key', tlsKeyField(url), tls.key) } }),
    ...(oauth2 !== undefined && {
      oauth2: {
        ...oauth2,
        clientSecret: bound('oauth2.clientSecret', clientSecretField(url, oauth2.tokenUrl), oauth2.clientSecret),
      },
    }),
  }
}

export function listSecrets(definition: WebhookDefinition): StoredSecret[] {
  const found: StoredSecret[] = []
  mapSecrets(definition, (stored) => {
    found.push(stored)
    return stored.value
  })
  return found
}

/** Whether a value is plain, as an operator may write it. */
export function holdsPlainValues(definition: WebhookDefinition, keys: KeyRing): boolean {
  return listSecrets(definition).some(({ value }) => !keys.isSealed(value))
}

/**
 * Seals plain values, and seals again those sealed with an older key or not yet bound to their origin. A value that no key
 * can open stays as it is.
 */
export function sealDefinition(definition: WebhookDefinition, keys: KeyRing): WebhookDefinition {
  return mapSecrets(definition, ({ value, isForOrigin, open, seal }) => {
    const isDone = keys.isCurrent(value) && (!isForOrigin || isBound(value))
    const opened = isDone ? null : open(keys)
    return opened?.ok ? seal(keys, opened.plain) : value
  })
}

/** Values of a definition that cannot be opened: their key is missing here, or no key opens them. */
export type Unopened = { keyMissing: string[]; altered: string[] }

export function findUnopened(definition: WebhookDefinition, keys: KeyRing): Unopened {
  const found: Unopened = { keyMissing: [], altered: [] }
  for (const { what, open } of listSecrets(definition)) {
    const opened = open(keys)
    if (!opened.ok) found[opened.isKeyMissing ? 'keyMissing' : 'altered'].push(`${what}: ${opened.reason}`)
  }
  return found
}

function ownSecret(definition: WebhookDefinition, what: string, field: string, value: string): StoredSecret {
  const context = sealContext(definition, field)
  return {
    what,
    value,
    open: (keys) => keys.open(value, context),
    seal: (keys, plain) => keys.seal(plain, context),
    isForOrigin: false,
  }
}

function boundSecret(definition: WebhookDefinition, what: string, field: BoundField, value: string): StoredSecret {
  return {
    what,
    value,
    open: (keys) => openBound(keys, definition, field, value),
    seal: (keys, plain) => sealBound(keys, definition, field, plain),
    isForOrigin: true,
  }
}
