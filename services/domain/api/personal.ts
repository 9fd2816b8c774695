import Type, { type TSchema, type TString } from 'typebox'
import { maskedValue } from '../definition/definition-values.ts'

/**
 * Personal data in answers of the API. A field with personal data is marked where the schema declares it. maskFor turns
 * the marks into the only function that masks answers for viewers without webhooks:bodies (decision 35).
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

const mark = 'x-personal'

export function personal(kind: PersonalKind): TString {
  return Type.String({ [mark]: kind })
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
  [mark]?: PersonalKind
  anyOf?: TSchema[]
  items?: TSchema
  properties?: Record<string, TSchema>
}

/** @returns the mask for values of the schema; null if it has no personal data. */
export function maskFor(schema: TSchema): Mask | null {
  const mask = build(schema)
  return mask && ((value) => mask(value, {}))
}

function build(schema: TSchema): MaskWithin | null {
  const { [mark]: kind, anyOf, items, properties } = schema as Marked
  if (kind !== undefined) return (value, within) => (value === null ? null : masks[kind](value, within))
  if (anyOf) {
    const found = anyOf.map(build).find((each) => each !== null)
    return found ? (value, within) => (value === null ? null : found(value, within)) : null
  }
  if (items) {
    const each = build(items)
    return each && ((value) => (Array.isArray(value) ? value.map((item) => each(item, {})) : value))
  }
  const fields = Object.entries(properties ?? {}).flatMap(([name, field]) => {
    const found = build(field)
    return found ? [[name, found] as const] : []
  })
  return fields.length === 0 ? null : (value) => maskFields(value as Record<string, unknown>, fields)
}

function maskFields(value: Record<string, unknown>, fields: (readonly [string, MaskWithin])[]): object {
  const shown = { ...value }
  for (const [name, mask] of fields) if (name in shown) shown[name] = mask(shown[name], value)
  return shown
}

const masks: Record<PersonalKind, MaskWithin> = {
  text: () => maskedValue,
  contact: (value) => maskContact(String(value)),
  answer: (value, within) => ('status' in within && within.status === null ? value : maskedValue),
  event: (value) => maskEvent(value),
  body: (value) => maskBody(String(value)),
}

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
