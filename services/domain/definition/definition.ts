import Type, { type Static, type TObject, type TObjectOptions, type TProperties, type TSchema } from 'typebox'
import {
  blockedChoices,
  definitionDefaults as defaults,
  type EventName,
  eventNames,
  identifier,
  languages,
  maxHeaderValue,
  numberLimits,
  retryProfiles,
  signatureSchemes,
} from './definition-values.ts'
import { oauth2Field, tlsField } from './endpoint-access.ts'

/**
 * The webhook definition (contract.md, section 5), declared once: source of the types, of the JSON Schemas of the
 * topics, which `npm run docs` writes to schemas/, and of the API.
 */

const time = Type.String({ format: 'date-time' })
const secret = Type.String({ maxLength: 400 })
/** Largest value of an Avro int, the type of this field in records. */
const maxVersion = 2_147_483_647

/** An object whose properties may be left out if they have a default. A checked value has all of them. */
export function withDefaults<P extends TProperties>(properties: P, options: TObjectOptions = {}): TObject<P> {
  const { required, ...schema } = Type.Object(properties, options) as { required?: string[] }
  const always = required?.filter((name) => !('default' in (properties[name] ?? {}))) ?? []
  return { ...schema, ...(always.length > 0 && { required: always }) } as TObject<P>
}

export const mapOf = <S extends TSchema>(values: S, options: object) =>
  Type.Unsafe<Record<string, Static<S>>>({ type: 'object', ...options, additionalProperties: values })

const flags = Object.fromEntries(
  eventNames.map((name) => [name, Type.Boolean({ default: defaults.events[name] })]),
) as Record<EventName, ReturnType<typeof Type.Boolean>>
const events = (options: TObjectOptions) => withDefaults(flags, { default: {}, ...options })
export type WantedEvents = Record<EventName, boolean>

const headers = (maxLength: number, description: string) =>
  mapOf(Type.String({ maxLength }), {
    default: {},
    maxProperties: 50,
    propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" },
    description,
  })

/** The part that clients write. The API refuses unknown properties by name. */
export const draftFields = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  url: Type.String({
    minLength: 1,
    maxLength: 2048,
    description: 'https, on a standard port, without userinfo.',
  }),
  enabled: Type.Boolean({ default: defaults.enabled }),
  paused: Type.Boolean({
    default: defaults.paused,
    description: 'Nothing is sent while it is true; notifications are kept, in order, and sent once it is false again.',
  }),
  channels: Type.Array(
    Type.String({ minLength: 1, maxLength: 256, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]+$' }),
    {
      uniqueItems: true,
      maxItems: 1000,
      description: 'Ids of the chat channels; a channel belongs to at most one webhook.',
    },
  ),
  events: events({ additionalProperties: false }),
  headers: headers(
    maxHeaderValue,
    'Custom request headers, encrypted when they are stored: a value goes only to the origin it was stored for.',
  ),
  timeoutMs: Type.Integer({ ...numberLimits.timeoutMs, default: defaults.timeoutMs }),
  slowThresholdMs: Type.Integer({ ...numberLimits.slowThresholdMs, default: defaults.slowThresholdMs }),
  retryProfile: Type.Enum(retryProfiles, { type: 'string', default: defaults.retryProfile }),
  whenBlocked: Type.Enum(blockedChoices, { type: 'string', default: defaults.whenBlocked }),
  maxInFlight: Type.Integer({ ...numberLimits.maxInFlight, default: defaults.maxInFlight }),
  rateLimitPerSecond: Type.Optional(Type.Number(numberLimits.rateLimitPerSecond)),
  bufferSeconds: Type.Integer({
    ...numberLimits.bufferSeconds,
    default: defaults.bufferSeconds,
    description: 'Messages of a contact within this time become one notification; 0 sends each by itself.',
  }),
  collapseStatuses: Type.Boolean({
    default: defaults.collapseStatuses,
    description: 'A `delivered` that still waits when the `read` of the same message comes is not sent.',
  }),
  signatures: Type.Array(Type.Enum(signatureSchemes, { type: 'string' }), {
    default: defaults.signatures,
    uniqueItems: true,
    minItems: 1,
    description:
      'Signatures of each notification: v1 by the secret, v1a by an Ed25519 key whose public part is at ' +
      '/.well-known/webhook-keys/{businessId}.',
  }),
  tls: Type.Optional(tlsField(false)),
  oauth2: Type.Optional(oauth2Field(false)),
}
export const writableNames = Object.keys(draftFields)

const serverFields = {
  id: Type.String({ ...identifier, description: "The record's key." }),
  businessId: Type.String({ ...identifier, maxLength: 256 }),
  pausedAt: Type.Optional(time),
  resumedAt: Type.Optional(time),
  disabledReason: Type.Optional(Type.String({ maxLength: 500, description: 'Why Hookline switched it off.' })),
  secret: Type.Optional(
    Type.String({
      maxLength: 400,
      description:
        'whsec_ and base64 of 24 to 64 bytes, encrypted in the topic; admin completes a definition written without one.',
    }),
  ),
  previousSecret: Type.Optional(
    Type.String({ maxLength: 400, description: 'During a rotation: signs beside the new one.' }),
  ),
  previousSecretUntil: Type.Optional(time),
  signingKey: Type.Optional(
    Type.String({
      maxLength: 400,
      description:
        'whsk_ and base64 of 32 bytes, encrypted in the topic: signs v1a. Admin makes it where it is missing.',
    }),
  ),
  previousSigningKey: Type.Optional(
    Type.String({ maxLength: 400, description: 'Replaced with previousSecret: signs beside the new one for as long.' }),
  ),
  olderSecrets: Type.Optional(
    Type.Array(Type.Object({ secret, until: time, signingKey: Type.Optional(secret) }), {
      maxItems: 9,
      description: 'Secrets replaced before previousSecret, newest first: each signs beside the others until its time.',
    }),
  ),
  version: Type.Integer({ minimum: 1, maximum: maxVersion, default: 1 }),
  createdAt: time,
  updatedAt: time,
}
export const isServerMade = (name: string): boolean => Object.hasOwn(serverFields, name)

/** A definition with its defaults filled in, and its times: those of the record where an operator has left them out. */
const { id, businessId, ...made } = serverFields
const definition = withDefaults({ id, businessId, ...draftFields, ...made })
export type WebhookDefinition = Static<typeof definition>
export type RetryProfile = WebhookDefinition['retryProfile']

const maxAlertAddresses = 10
/** An address without a name, comment or quoted part, which is all that mail servers need. */
const mailAddress = '^[^\\s@<>()\\[\\]",;:\\\\]{1,64}@[A-Za-z0-9.-]{1,189}$'

/** Where the alerts of a business's webhooks are sent. */
export const AlertAddresses = withDefaults({
  emails: Type.Array(Type.String({ maxLength: 254, pattern: mailAddress }), {
    uniqueItems: true,
    maxItems: maxAlertAddresses,
    default: [],
  }),
  urls: Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), {
    uniqueItems: true,
    maxItems: maxAlertAddresses,
    default: [],
    description: 'Same rules as for the URL of a webhook.',
  }),
  language: Type.Optional(
    Type.Enum(languages, {
      type: 'string',
      description: 'Language of their texts; HOOKLINE_ALERT_LANGUAGE if absent.',
    }),
  ),
})
export type AlertAddresses = Static<typeof AlertAddresses>

export const Account = Type.Object({
  webhooksEnabled: Type.Boolean(),
  alerts: Type.Optional(AlertAddresses),
  updatedAt: Type.Optional(time),
  updatedBy: Type.Optional(Type.String()),
})
export type Account = Static<typeof Account>

const draft = 'http://json-schema.org/draft-07/schema#'

/** JSON Schemas of the values of config topics, by file in schemas/. */
export const configSchemas = {
  'webhook-config.schema.json': {
    $schema: draft,
    $id: 'urn:hookline:webhook-config',
    title: 'Webhook definition',
    description:
      "Value of the compacted topic webhook-config, keyed by the webhook's id. Unknown properties are kept and ignored.",
    type: 'object',
    required: ['id', 'businessId', 'name', 'url', 'channels'],
    properties: {
      ...definition.properties,
      events: events({}),
      tls: tlsField(true),
      oauth2: oauth2Field(true),
      headers: headers(
        24_000,
        `Custom request headers, up to ${maxHeaderValue.toLocaleString('en')} characters each. In the topic, values are ` +
          'encrypted and bound to the origin of url. Write them again when the origin changes.',
      ),
    },
  },
  'account-config.schema.json': {
    $schema: draft,
    $id: 'urn:hookline:account-config',
    title: 'Account',
    description:
      "Value of the compacted topic account-config, keyed by the business's id. Without a record, webhooks are not activated.",
    ...Account,
  },
}

/**
 * Next version of a definition. An operator may already have written the largest one, so repeats are recognised by
 * offset instead.
 */
export function nextVersion(version: number): number {
  return Math.min(version + 1, maxVersion)
}

/**
 * Context that binds a sealed value to its definition and field (guarantees.md, 33). A ciphertext moved to another
 * webhook does not open.
 */
export function sealContext(definition: { businessId: string; id: string }, field: string): string {
  return `${definition.businessId}\n${definition.id}\n${field}`
}

/** Names of the secrets that a definition lacks; admin makes them. */
export function missingSecrets({ secret, signingKey, signatures }: WebhookDefinition): string[] {
  const needsKey = signatures.includes('v1a')
  return [...(secret === undefined ? ['secret'] : []), ...(needsKey && signingKey === undefined ? ['signingKey'] : [])]
}
