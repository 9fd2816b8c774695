import { stringify } from 'yaml'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { type Format, printable } from '../output/output.ts'
import { type DecodedValue, textOrBase64 } from './decoder.ts'

export type ShownRecord = {
  topic: string
  partition: number
  offset: number
  /** ISO 8601. */
  at: string
  key: string | null
  headers?: Record<string, string>
} & DecodedValue

export function shownRecord(record: ConsumedRecord, shown: DecodedValue): ShownRecord {
  const { topic, partition, offset, timestampMs, key, headers } = record
  const at = new Date(timestampMs).toISOString()
  const pairs = Object.entries(headers ?? {}).map(([name, value]) => [name, headerText(value)])
  const rest = pairs.length === 0 ? {} : { headers: Object.fromEntries(pairs) }
  return { topic, partition, offset, at, key: key && textOrBase64(key), ...rest, ...withoutSecrets(shown) }
}

type HeaderValue = NonNullable<ConsumedRecord['headers']>[string]

function headerText(value: HeaderValue): string {
  const values = Array.isArray(value) ? value : [value]
  return values.map((one) => (Buffer.isBuffer(one) ? textOrBase64(one) : String(one ?? ''))).join(', ')
}

/**
 * Masks secrets: a definition just written by an operator may contain plain ones, and sealed ones are of no use to
 * anybody.
 */
function withoutSecrets(shown: DecodedValue): DecodedValue {
  if (!('value' in shown) || !isDefinition(shown.value)) return shown
  const value: Record<string, unknown> = { ...shown.value }
  for (const name of ['secret', 'previousSecret', 'signingKey', 'previousSigningKey', 'olderSecrets'])
    if (name in value) value[name] = maskedValue
  for (const name of ['tls', 'oauth2']) if (name in value) value[name] = maskedValue
  const { headers } = value
  if (typeof headers === 'object' && headers !== null)
    value.headers = Object.fromEntries(Object.keys(headers).map((name) => [name, maskedValue]))
  return { value }
}

function isDefinition(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'url' in value && 'channels' in value
}

/** One line per record; in YAML one document. */
export function recordText(record: ShownRecord, format: Format): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(record)}\n`
    case 'yaml':
      return `---\n${stringify(record, { lineWidth: 0 })}`
    case 'table': {
      const { at, partition, offset, key } = record
      const value = 'value' in record ? JSON.stringify(record.value) : `UNREADABLE (${record.unreadable})`
      return `${at}  ${partition}@${offset}  ${printable(key ?? 'null')}  ${printable(value)}\n`
    }
  }
}
