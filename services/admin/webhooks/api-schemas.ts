import Type from 'typebox'
import type { Draft, ListedWebhook, Webhook, WebhookWithSecret } from '../../domain/api/webhook.ts'
import { maxHeaderValue } from '../../domain/definition/definition-rules.ts'
import { topics } from '../../topics/map.ts'
import { schemaOf } from '../../topics/schemas.ts'
import { conflict, object, type Properties, text, time } from '../http/schema-parts.ts'
import { lastHourView, statusView } from '../status/status-schemas.ts'

/** Shapes of the API, derived from the topic's own schema: one place says what a definition may hold. */

type JsonSchema = Record<string, unknown>
type ObjectSchema = JsonSchema & { properties: Record<string, JsonSchema> }

const serverMade = [
  'id',
  'businessId',
  'secret',
  'previousSecret',
  'previousSecretUntil',
  'olderSecrets',
  'version',
  'createdAt',
  'updatedAt',
  'disabledReason',
]
export const isServerMade = (name: string): boolean => serverMade.includes(name)

const required = ['name', 'url', 'channels']
const stored = (schemaOf(topics.webhookConfig) as ObjectSchema).properties
const writable = Object.fromEntries(Object.entries(stored).filter(([name]) => !isServerMade(name)))
export const writableNames = Object.keys(writable)

/** The topic ignores unknown properties; the API refuses them by name. */
export const createBody: ObjectSchema = {
  type: 'object',
  required,
  additionalProperties: false,
  properties: {
    ...writable,
    events: { ...writable.events, additionalProperties: false },
    headers: {
      ...writable.headers,
      additionalProperties: { type: 'string', maxLength: maxHeaderValue },
      description:
        'Custom request headers, encrypted when they are stored: a value goes only to the origin it was stored for.',
    },
  },
}

export const patchBody: ObjectSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'JSON merge patch (RFC 7396): what is absent stays, null puts the default back. Exception: headers replaces the ' +
    'whole set, in which the value "***" for a name that is stored keeps its stored value.',
  properties: Object.fromEntries(
    Object.entries(withoutDefaults(createBody).properties).map(([name, schema]) => [
      name,
      required.includes(name) ? schema : { anyOf: [schema, { type: 'null' }] },
    ]),
  ),
}

const serverMadeProperties = {
  previousSecretUntil: {
    ...time,
    description: 'After a rotation: until then notifications are signed with the previous secret too.',
  },
  disabledReason: {
    ...text,
    description: 'Why Hookline itself has switched the webhook off; gone when it is on again.',
  },
  version: {
    type: 'integer',
    description:
      'Grows with each change. If-Match takes the ETag, or the version in quotes unless an operator has written it twice.',
  },
  createdAt: time,
  updatedAt: time,
  conflicts: {
    type: 'array',
    items: conflict,
    description: 'Channels whose events go to another webhook that names them too.',
  },
  fault: {
    type: 'object',
    description: 'A newer record in webhook-config is not in force, for these reasons.',
    properties: { problems: { type: 'array', items: text } },
  },
  status: statusView,
} satisfies Properties<Omit<Webhook, keyof Draft | 'id' | 'businessId'>>

const viewProperties: Record<string, object> = {
  id: text,
  businessId: text,
  ...withoutDefaults(createBody).properties,
  headers: {
    type: 'object',
    additionalProperties: text,
    description: 'Custom request headers; each value is shown as "***".',
  },
  ...serverMadeProperties,
}

const optional = ['rateLimitPerSecond', 'previousSecretUntil', 'disabledReason', 'fault']

export const webhookView = object(viewProperties, optional)

/** The only two answers that hold a secret: creation and rotation. */
export const webhookWithSecret = object(
  {
    ...viewProperties,
    secret: { ...text, description: 'whsec_ and base64 of 32 bytes. Shown this once: keep it.' },
  } satisfies Properties<Pick<WebhookWithSecret, 'secret'>>,
  optional,
)

const webhookListed = object(
  { ...viewProperties, lastHour: lastHourView } satisfies Properties<Pick<ListedWebhook, 'lastHour'>>,
  optional,
)

export const webhookList = object(
  {
    webhooks: { type: 'array', items: webhookListed },
    nextCursor: { ...text, description: 'Absent on the last page.' },
    faults: {
      type: 'array',
      items: object({ id: text, problems: { type: 'array', items: text } }),
      description: 'Records in webhook-config that are wrong, of webhooks that have no definition in force.',
    },
  },
  ['nextCursor', 'faults'],
)

export const accountBody = {
  type: 'object',
  required: ['webhooksEnabled'],
  additionalProperties: false,
  properties: { webhooksEnabled: { type: 'boolean' } },
}

export const accountView = {
  type: 'object',
  required: ['webhooksEnabled'],
  properties: (schemaOf(topics.accountConfig) as ObjectSchema).properties,
}

/** No control characters: a line break separates the parts of what binds a sealed value to its place. */
const identifier = (description: string) =>
  Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$', description })

export const businessParams = Type.Object({ businessId: identifier('The business, as in the events.') })
export const webhookParams = Type.Object({
  businessId: identifier('The business, as in the events.'),
  id: identifier('The webhook.'),
})
export const replayParams = Type.Object({ ...webhookParams.properties, replayId: identifier('The replay.') })
export const listQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'So many a page.' })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'nextCursor of the page before.' })),
})

function withoutDefaults(schema: ObjectSchema): ObjectSchema {
  return JSON.parse(JSON.stringify(schema, (name, value) => (name === 'default' ? undefined : value)))
}
