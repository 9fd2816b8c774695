import { isDeepStrictEqual } from 'node:util'
import { hasMaskedQuery, maskQuery } from '../../domain/api/url-query.ts'
import { writableNames } from '../../domain/definition/definition.ts'
import { definitionDefaults, maskedValue } from '../../domain/definition/definition-values.ts'
import type { AdminWebhook } from '../connection/admin-api.ts'
import type { WantedWebhook } from './definition-file.ts'

/** The writable part of a webhook, as it is shown. */
export type ShownFields = Record<string, unknown>

/** A step that makes the server match a file. */
export type PlanStep =
  | { kind: 'create'; wanted: WantedWebhook; businessId: string; body: object; after: ShownFields }
  | {
      kind: 'update'
      wanted: WantedWebhook
      webhook: AdminWebhook
      patch: ShownFields
      before: ShownFields
      after: ShownFields
    }
  | { kind: 'unchanged'; wanted: WantedWebhook; webhook: AdminWebhook }
  | { kind: 'impossible'; wanted: WantedWebhook; why: string }

export type PlanOptions = {
  /**
   * Whether stored header values are written again. The server does not show them, so otherwise they count as equal.
   */
  writeHeaders: boolean
}

const defaults: Readonly<Record<string, unknown>> = definitionDefaults
const defaultEvents: Readonly<Record<string, boolean>> = definitionDefaults.events

/** @param existing the webhooks of that business. */
export function planStep(
  wanted: WantedWebhook,
  businessId: string,
  existing: AdminWebhook[],
  options: PlanOptions,
): PlanStep {
  const found = findFor(wanted, existing)
  if (typeof found === 'string') return { kind: 'impossible', wanted, why: found }
  if (found === undefined) {
    const { fields } = wanted
    const missing = ['name', 'url', 'channels'].filter((name) => fields[name] === undefined)
    if (missing.length > 0) return { kind: 'impossible', wanted, why: `a new webhook needs ${missing.join(', ')}` }
    const body = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
    return { kind: 'create', wanted, businessId, body, after: merged(defaults, fields, true) }
  }
  const before = toShownFields(found)
  const changes = Object.entries(wanted.fields).filter(([name, value]) => differs(name, before[name], value, options))
  if (changes.length === 0) return { kind: 'unchanged', wanted, webhook: found }
  const patch = Object.fromEntries(changes)
  return { kind: 'update', wanted, webhook: found, patch, before, after: merged(before, patch, options.writeHeaders) }
}

/**
 * The webhook to change. An id must exist already, because the server makes ids. @returns the problem if it cannot be
 * determined.
 */
function findFor({ id, name }: WantedWebhook, existing: AdminWebhook[]): AdminWebhook | undefined | string {
  if (id !== undefined) return existing.find((webhook) => webhook.id === id) ?? `the business has no webhook ${id}`
  const named = existing.filter((webhook) => webhook.name === name)
  if (named.length <= 1) return named[0]
  return `${named.length} webhooks have the name "${name}": use one of their ids (${named.map((one) => one.id).join(', ')})`
}

/** Documents that target the same webhook; the later one would overwrite the earlier one. */
export function repeated(wanted: WantedWebhook[]): string[] {
  const seen = new Map<string, string>()
  return wanted.flatMap(({ place, businessId, id, name }) => {
    const key = JSON.stringify([businessId, id ?? null, id === undefined ? name : null])
    const earlier = seen.get(key)
    seen.set(key, place)
    return earlier === undefined ? [] : [`${place}: the same webhook as at ${earlier}`]
  })
}

function toShownFields(webhook: AdminWebhook): ShownFields {
  const fields = webhook as unknown as ShownFields
  return Object.fromEntries(
    writableNames.map((name) => [name, fields[name]]).filter(([, value]) => value !== undefined),
  )
}

function differs(name: string, is: unknown, wanted: unknown, { writeHeaders }: PlanOptions): boolean {
  const value = wanted ?? defaults[name]
  switch (name) {
    case 'channels':
      return !isDeepStrictEqual([...(is as string[])].sort(), [...(value as string[])].sort())
    case 'events':
      return !isDeepStrictEqual({ ...(is as object), ...withDefaultEvents(wanted) }, is)
    case 'headers':
      return headersDiffer(is as Headers, (value ?? {}) as Headers, writeHeaders)
    case 'url':
      return is !== asShown(is, value)
    case 'tls':
    case 'oauth2':
      return !isDeepStrictEqual(is, shownAccess(is, value)) || (writeHeaders && holdsNewAccess(value))
    default:
      return !isDeepStrictEqual(is, value)
  }
}

/** Whether a file has secret values that may differ from the webhook's stored ones, which cannot be compared. */
export function hasUncomparedValues({ kind, wanted }: PlanStep): boolean {
  const { headers, tls, oauth2 } = wanted.fields
  const isNew = [...Object.values((headers ?? {}) as Headers)].some((value) => value !== maskedValue)
  return kind !== 'create' && (isNew || holdsNewAccess(tls) || holdsNewAccess(oauth2))
}

type Headers = Record<string, string>

/** Parts of tls and oauth2 whose stored values are not shown. */
const secretParts = ['key', 'clientSecret']

/** Masks the secrets of a part as admin shows it (services/admin/webhooks/secrets.ts), whatever a file has in its place. */
function maskAccess(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, secretParts.includes(name) ? maskedValue : part]),
  )
}

/** A part as it is shown to whoever sees the stored one like this, so that both can be compared. */
function shownAccess(is: unknown, value: unknown): unknown {
  const masked = maskAccess(value) as ShownFields | null | undefined
  const tokenUrl = (is as ShownFields | undefined)?.tokenUrl
  return masked?.tokenUrl === undefined ? masked : { ...masked, tokenUrl: asShown(tokenUrl, masked.tokenUrl) }
}

/** A wanted URL, with a masked query if the stored one is shown masked. */
function asShown(is: unknown, wanted: unknown): unknown {
  return typeof is === 'string' && hasMaskedQuery(is) ? maskQuery(String(wanted)) : wanted
}

function holdsNewAccess(value: unknown): boolean {
  return secretParts.some((name) => {
    const part = ((value ?? {}) as ShownFields)[name]
    return part !== undefined && part !== maskedValue
  })
}

function headersDiffer(is: Headers, wanted: Headers, writeHeaders: boolean): boolean {
  const lower = (headers: Headers) => Object.keys(headers).map((name) => name.toLowerCase())
  if (!isDeepStrictEqual(lower(is).sort(), lower(wanted).sort())) return true
  return writeHeaders && Object.values(wanted).some((value) => value !== maskedValue)
}

/** null means all defaults; null for one event means its default. */
function withDefaultEvents(wanted: unknown): ShownFields {
  if (wanted === null) return defaultEvents
  return Object.fromEntries(
    Object.entries(wanted as ShownFields).map(([name, value]) => [name, value === null ? defaultEvents[name] : value]),
  )
}

/** The webhook as the server will show it. */
function merged(before: ShownFields, fields: ShownFields, newValues: boolean): ShownFields {
  const after: ShownFields = { ...before }
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'events') after.events = { ...(before.events as object), ...withDefaultEvents(value) }
    else if (name === 'headers')
      after.headers = shownHeaders((before.headers ?? {}) as Headers, value as Headers, newValues)
    else if (name === 'tls' || name === 'oauth2') after[name] = maskAccess(value ?? undefined)
    else after[name] = value ?? defaults[name]
  }
  return Object.fromEntries(writableNames.map((name) => [name, after[name]]).filter(([, value]) => value !== undefined))
}

function shownHeaders(before: Headers, wanted: Headers | null, newValues: boolean): Headers {
  const stored = new Set(Object.keys(before).map((name) => name.toLowerCase()))
  const isNew = (name: string, value: string) => value !== maskedValue && (newValues || !stored.has(name.toLowerCase()))
  return Object.fromEntries(
    Object.entries(wanted ?? {}).map(([name, value]) => [
      name,
      isNew(name, value) ? `${maskedValue} (written)` : maskedValue,
    ]),
  )
}
