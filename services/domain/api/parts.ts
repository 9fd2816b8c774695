import Type, { type Static, type TObject, type TObjectOptions, type TProperties, type TSchema } from 'typebox'
import { attemptOutcomes, notificationKinds } from '../delivery/delivery.ts'

/** Parts of the admin API's schemas. Times are ISO 8601. */

/** An object of the API; clients that are made of the OpenAPI document have it by its title. */
export const shape = <P extends TProperties>(title: string, properties: P, options: TObjectOptions = {}): TObject<P> =>
  Type.Object(properties, { title, ...options })

export const text = (description?: string) => Type.String(about(description))
export const flag = (description?: string) => Type.Boolean(about(description))
export const time = (description?: string) => Type.String({ format: 'date-time', ...about(description) })
export const integer = (description?: string) => Type.Integer(about(description))
export const count = (description?: string) => Type.Integer({ minimum: 0, ...about(description) })
export const ms = Type.Number({ minimum: 0 })
export const choice = <const Values extends string[]>(values: readonly [...Values], description?: string) =>
  Type.Enum(values, { type: 'string', ...about(description) })
export const list = <S extends TSchema>(items: S, description?: string) => Type.Array(items, about(description))
export const nullable = <S extends TSchema>(schema: S, description?: string) =>
  Type.Union([schema, Type.Null()], about(description))

export const outcome = choice(attemptOutcomes)
export const kind = choice(notificationKinds)
/** Attempts by outcome. */
export const totals = { success: count(), slow: count(), error: count(), rejected: count() }

/** One page of a list. */
export const pageOf = <const Name extends string, S extends TSchema>(name: Name, items: S, description?: string) => {
  const field = { [name]: list(items, description) } as { [name in Name]: ReturnType<typeof list<S>> }
  return Type.Object({ ...field, nextCursor: Type.Optional(text('Absent on the last page.')) })
}
export type Page<Name extends string, S extends TSchema> = Static<ReturnType<typeof pageOf<Name, S>>>

function about(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description }
}
