import Type, { type TSchema, type TString } from 'typebox'
import { maskedValue } from '../definition/definition-values.ts'
import type { Permission } from './permissions.ts'
import { maskQuery } from './url-query.ts'

/**
 * Personal data, and secrets in URLs, in answers of the API. A field that holds them is marked where the schema declares
 * it. maskFor turns the marks into the only functions that mask answers for viewers without a permission (decision 35).
 */

type PersonalKind =
  /** Text that people or receivers wrote. */
  | 'text'
  /** Id of a contact; its end is shown, so that support recognises it. */
  | 'contact'
  /** Beginning of an answer; if there was none, Hookline's reason, which is shown. */
  | 'answer'
  /** An event, as an object. */
  | 'event'
  /** A notification, as JSON. */
  | 'body'

type SecretKind =
  /** URL of a webhook, or of its token endpoint; the values of its query are masked. */
  | 'url'
  /** URL that alerts are posted to; masked in the same way. */
  | 'alertUrl'
  /** Value of a change in the audit trail; masked if the changed field is a URL. */
  | 'change'

const mark = 'x-personal'

export function personal(kind: PersonalKind): TString {
  return Type.String({ [mark]: kind })
}

/** The schema of a field that may hold a secret. */
export function secret<S extends TSchema>(schema: S, kind: SecretKind): S {
  return { ...schema, [mark]: kind }
}

/** An object with the fields of an event. */
export function personalEvent(description: string) {
  return Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    [mark]: 'event' satisfies PersonalKind,
    description,
  })
}

/** Masks a value of a schema, without changing the value itself. */
export type Mask = (value: unknown) => unknown
/** @param within object that has the value as a field. */
type MaskWithin = (value: unknown, within: object) => unknown

type Marked = {
  [mark]?: PersonalKind | SecretKind
  anyOf?: TSchema[]
  items?: TSchema
  properties?: Record<string, TSchema>
}

/** @returns the mask of values for viewers without the permission; null if they may see all of the schema. */
export function maskFor(schema: TSchema, permission: Permission): Mask | null {
  const mask = build(schema, permission)
  return mask && ((value) => mask(value, {}))
}

function build(schema: TSchema, permission: Permission): MaskWithin | null {
  const { [mark]: kind, anyOf, items, properties } = schema as Marked
  if (kind !== undefined) {
    const { shownTo, mask } = masks[kind]
    return shownTo === permission ? (value, within) => (value === null ? null : mask(value, within)) : null
  }
  if (anyOf) {
    const found = anyOf.map((each) => build(each, permission)).find((each) => each !== null)
    return found ? (value, within) => (value === null ? null : found(value, within)) : null
  }
  if (items) {
    const each = build(items, permission)
    return each && ((value) => (Array.isArray(value) ? value.map((item) => each(item, {})) : value))
  }
  const fields = Object.entries(properties ?? {}).flatMap(([name, field]) => {
    const found = build(field, permission)
    return found ? [[name, found] as const] : []
  })
  return fields.length === 0 ? null : (value) => maskFields(value as Record<string, unknown>, fields)
}

function maskFields(value: Record<string, unknown>, fields: (readonly [string, MaskWithin])[]): object {
  const shown = { ...value }
  for (const [name, mask] of fields) if (shown[name] !== undefined) shown[name] = mask(shown[name], value)
  return shown
}

/** Fields of changes in the audit trail that are URLs. */
const urlFields: unknown[] = ['url', 'oauth2.tokenUrl']

const masks: Record<PersonalKind | SecretKind, { shownTo: Permission; mask: MaskWithin }> = {
  text: { shownTo: 'webhooks:bodies', mask: () => maskedValue },
  contact: { shownTo: 'webhooks:bodies', mask: (value) => maskContact(String(value)) },
  answer: {
    shownTo: 'webhooks:bodies',
    mask: (value, within) => ('status' in within && within.status === null ? value : maskedValue),
  },
  event: { shownTo: 'webhooks:bodies', mask: (value) => maskEvent(value) },
  body: { shownTo: 'webhooks:bodies', mask: (value) => maskBody(String(value)) },
  url: { shownTo: 'webhooks:write', mask: (value) => maskQuery(String(value)) },
  alertUrl: { shownTo: 'account:write', mask: (value) => maskQuery(String(value)) },
  change: {
    shownTo: 'webhooks:write',
    mask: (value, within) =>
      'field' in within && urlFields.includes(within.field) && typeof value === 'string' ? maskQuery(value) : value,
  },
}

/** Permissions without which something is masked. */
export const maskingPermissions = [...new Set(Object.values(masks).map(({ shownTo }) => shownTo))]

/** Characters of a contact's id that are shown, at its end. */
const shownEnd = 4
/**
 * Minimum characters of an id whose end is shown. A shorter id is masked as a whole, because its end would be most of
 * it.
 */
const minLength = 9

/** Masked id, such as ***4567. */
export function maskContact(contactId: string): string {
  return contactId.length < minLength ? maskedValue : `${maskedValue}${contactId.slice(-shownEnd).toWellFormed()}`
}

/** Whether a contact is the one asked for, by its id or by its masked id, which several contacts may share. */
export function isContact(contactId: string, asked: string): boolean {
  return contactId === asked || (asked.length > maskedValue.length && maskContact(contactId) === asked)
}

/**
 * Fields of events and notifications that say nothing about a person. All others are masked, including unknown ones.
 */
const open = new Set(
  (
    'v type eventId businessId chatPlatform chatChannelId whatsappNumber customerCreationTime sessionCreationTime status ' +
    'statusChangeTime messageId id _id_ date from fromCustomer isButton hasAttachment'
  ).split(' '),
)
const contacts = new Set(['contactId', 'chatIdInChatPlatform', 'customerId'])

function maskEvent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return maskedValue
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      if (name === 'messages' && Array.isArray(field)) return [name, field.map(maskEvent)]
      if (contacts.has(name)) return [name, maskContact(String(field))]
      return [name, open.has(name) && typeof field !== 'object' ? field : maskedValue]
    }),
  )
}

function maskBody(json: string): string {
  try {
    return JSON.stringify(maskEvent(JSON.parse(json)))
  } catch {
    return maskedValue
  }
}
