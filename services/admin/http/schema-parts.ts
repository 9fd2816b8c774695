import type { Conflict } from '../../domain/api/webhook.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'

/** What the JSON schemas of the API's answers are made of. */

/**
 * A schema for each field of an answer, and for no other (`satisfies`): what a schema does not name is not sent, so the
 * schemas are held to the types that the answers are built as, and that the console and the CLI read.
 */
export type Properties<Shown> = Record<keyof Shown, object>

export const text = { type: 'string' }
export const count = { type: 'integer', minimum: 0 }
export const outcome = { type: 'string', enum: [...attemptOutcomes] }
export const time = { type: 'string', format: 'date-time' }

export const object = (properties: Record<string, object>, optional: string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
})
export const list = (items: object, description = '') => ({ type: 'array', items, description })
export const nullable = (schema: object, description = '') => ({ anyOf: [schema, { type: 'null' }], description })

export const conflict = object({ channel: text, webhookId: text, name: text } satisfies Properties<Conflict>)
