import { definitionDefaults, numberLimits } from '../../../../domain/definition/definition-values.ts'
import type { Draft, DraftPatch, Webhook } from '../../api/types.ts'

/** The form's values. */
export type Values = Omit<Draft, 'headers' | 'rateLimitPerSecond' | 'tls' | 'oauth2'> & {
  /** In the order of the page. A name may occur twice until the form is saved. */
  headers: { name: string; value: string }[]
  /** Empty: no limit. */
  rateLimitPerSecond: number | ''
  /** Empty texts stand for absent fields. */
  tls: Record<(typeof tlsFields)[number], string>
  oauth2: Record<(typeof oauth2Fields)[number], string>
}

export const tlsFields = ['ca', 'certificate', 'key'] as const
export const oauth2Fields = ['tokenUrl', 'clientId', 'clientSecret', 'scope'] as const
const emptyTls = { ca: '', certificate: '', key: '' }
const emptyOAuth2 = { tokenUrl: '', clientId: '', clientSecret: '', scope: '' }

export const emptyValues: Values = {
  ...definitionDefaults,
  name: '',
  url: '',
  channels: [],
  headers: [],
  rateLimitPerSecond: '',
  tls: emptyTls,
  oauth2: emptyOAuth2,
}

export function toValues(webhook: Draft): Values {
  const { name, url, enabled, paused, channels, events, timeoutMs, slowThresholdMs } = webhook
  const { retryProfile, whenBlocked, maxInFlight, rateLimitPerSecond = '', headers } = webhook
  const { bufferSeconds, collapseStatuses, signatures } = webhook
  return {
    ...{ name, url, enabled, paused, channels, events, timeoutMs, slowThresholdMs },
    ...{ retryProfile, whenBlocked, maxInFlight, bufferSeconds, collapseStatuses, signatures },
    tls: { ...emptyTls, ...webhook.tls },
    oauth2: { ...emptyOAuth2, ...webhook.oauth2 },
    rateLimitPerSecond,
    headers: Object.entries(headers).map(([headerName, value]) => ({ name: headerName, value })),
  }
}

/** The draft for the API. Rows of headers without a name are left out. */
export function toDraft({ headers, rateLimitPerSecond, tls, oauth2, ...values }: Values): Draft {
  const named = headers.filter(({ name }) => name.trim() !== '')
  return {
    ...values,
    name: values.name.trim(),
    url: values.url.trim(),
    headers: Object.fromEntries(named.map(({ name, value }) => [name.trim(), value])),
    ...(rateLimitPerSecond !== '' && { rateLimitPerSecond }),
    ...filledIn('tls', tls),
    ...filledIn('oauth2', oauth2),
  }
}

/** An object without its empty fields; nothing if all are empty. */
function filledIn(name: 'tls' | 'oauth2', fields: Record<string, string>): object {
  const filled = Object.entries(fields).flatMap(([field, value]) =>
    value.trim() === '' ? [] : [[field, value.trim()]],
  )
  return filled.length === 0 ? {} : { [name]: Object.fromEntries(filled) }
}

/** Values of fields that a draft may leave out, in a merge patch. */
const absent = { rateLimitPerSecond: null, tls: null, oauth2: null }

/** A merge patch of the fields that differ, so that changes made by others in the meantime stay. */
export function listChanges(before: Webhook, values: Values): DraftPatch {
  const old: Record<string, unknown> = toDraft(toValues(before))
  const draft: Record<string, unknown> = { ...absent, ...toDraft(values) }
  const changed = Object.entries(draft).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name] ?? null),
  )
  return Object.fromEntries(changed)
}

export type Mistake = 'required' | 'url' | 'range' | 'decimal' | 'twice'

/** Mistakes that can be found before the API is called. The API checks everything again and has more rules. */
export function mistakesIn(values: Values): Partial<Record<keyof Values, Mistake>> {
  const mistakes: Partial<Record<keyof Values, Mistake>> = {}
  if (values.name.trim() === '') mistakes.name = 'required'
  if (values.url.trim() === '') mistakes.url = 'required'
  else if (!/^https?:\/\/[^/]/i.test(values.url.trim()) || !URL.canParse(values.url.trim())) mistakes.url = 'url'
  for (const name of ['timeoutMs', 'slowThresholdMs', 'maxInFlight', 'bufferSeconds'] as const)
    if (!Number.isInteger(values[name]) || !isWithin(values[name], numberLimits[name])) mistakes[name] = 'range'
  const { rateLimitPerSecond } = values
  if (rateLimitPerSecond !== '' && !isWithin(rateLimitPerSecond, numberLimits.rateLimitPerSecond))
    mistakes.rateLimitPerSecond = 'decimal'
  if (values.signatures.length === 0) mistakes.signatures = 'required'
  const names = values.headers.map(({ name }) => name.trim().toLowerCase()).filter(Boolean)
  if (new Set(names).size < names.length) mistakes.headers = 'twice'
  return mistakes
}

/** Whether no response can count as slow, because the request has failed by then. */
export function isNeverSlow({ timeoutMs, slowThresholdMs }: Pick<Values, 'timeoutMs' | 'slowThresholdMs'>): boolean {
  return slowThresholdMs >= timeoutMs
}

export type NumberField = keyof typeof numberLimits

export function isNumberField(field: string): field is NumberField {
  return Object.hasOwn(numberLimits, field)
}

/** Smallest and largest value that the API accepts. */
export function allowedRange(field: NumberField): { min: number; max: number } {
  const { minimum: min, maximum: max } = numberLimits[field]
  return { min, max }
}

/** False for a text, which is what an incomplete number is in the form. */
function isWithin(value: unknown, { minimum, maximum }: { minimum: number; maximum: number }): boolean {
  return typeof value === 'number' && value >= minimum && value <= maximum
}
