import { decidedOn, readHeader } from '../../config-topics/config-headers.ts'
import { accountParser, definitionParser } from '../../config-topics/config-tables.ts'
import { listSecrets } from '../../config-topics/stored-secrets.ts'
import type { Account, WebhookDefinition } from '../../domain/definition/definition.ts'
import { NewestRecords } from '../../domain/definition/newest-records.ts'
import { recordTimeMs } from '../../domain/definition/record-time.ts'
import { formerFields } from '../../domain/definition/secrets/former-secrets.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { KeyRing, Opened } from '../../platform/keyring.ts'
import { completesHeader, subjectHeader } from '../definition-writes/record-headers.ts'
import {
  type AuditEntry,
  type Audited,
  auditAccount,
  auditDefinition,
  type DefinitionStep,
  type IsSame,
} from './audit-entry.ts'

/** Fold over a config topic: takes its records in order and returns the changes. */
export type AuditFold = (record: ConsumedRecord) => AuditEntry[]

/** Fold over webhook-config. @param topic name without the prefix. */
export function definitionFold(topic: string, keys: KeyRing): AuditFold {
  const parse = definitionParser()
  const newest = new NewestRecords()
  const written = new Map<string, WebhookDefinition>()
  /** Webhook -> offset of the record completed last. */
  const completed = new Map<string, string>()
  return (record) => {
    const id = record.key?.toString('utf8') ?? ''
    if (!newest.take(id, record.offset, decidedOn(record), record.value === null)) return []
    const change = parse(record)
    const before = written.get(id)
    // As in definition-table.ts: an invalid record, or one under another webhook's key, changes nothing.
    if (change.kind === 'invalid' || (change.kind === 'definition' && change.definition.id !== id)) return []
    const after = change.kind === 'definition' ? withKnownSecret(change.definition, before) : undefined
    if (after) written.set(id, after)
    else written.delete(id)
    const completes = readHeader(record, completesHeader)
    const step = { before, after, completes: completes !== null, atMs: recordTimeMs(record.timestampMs) }
    const audited = auditDefinition(step, sameSecret(keys, before, after))
    // An instance took over while its predecessor was still writing, and wrote the same again.
    const isRepeated = completes !== null && completed.get(id) === completes
    if (completes !== null) completed.set(id, completes)
    if (isRepeated && audited.every(({ changes }) => changes.length === 0)) return []
    return entries(topic, record, readHeader(record, subjectHeader) ?? findWriter(topic, step), audited)
  }
}

/** Author of a record without the header that names one, which only admin writes. */
function findWriter(topic: string, { before, after, completes }: DefinitionStep): string {
  if (completes) return 'service:admin'
  const isSwitchOff = after?.disabledReason !== undefined && before?.disabledReason === undefined
  return isSwitchOff ? 'service:dispatcher' : `topic:${topic}`
}

/** Compares sealed values by opening each in its own place: sealing again changes the text, not the value. */
function sameSecret(keys: KeyRing, before?: WebhookDefinition, after?: WebhookDefinition): IsSame {
  return (_field, from, to) => {
    if (from === to) return true
    if (!before || !after) return false
    const [a, b] = [openStored(keys, before, from), openStored(keys, after, to)]
    return a?.ok === true && b?.ok === true && a.plain === b.plain
  }
}

function openStored(keys: KeyRing, definition: WebhookDefinition, value: string): Opened | undefined {
  return listSecrets(definition)
    .find((stored) => stored.value === value)
    ?.open(keys)
}

/** Fold over account-config. @param topic name without the prefix. */
export function accountFold(topic: string): AuditFold {
  const parse = accountParser()
  const written = new Map<string, Account>()
  return (record) => {
    const businessId = record.key?.toString('utf8') ?? ''
    const change = parse(record)
    if (change.kind === 'invalid') return []
    const before = written.get(businessId)
    const after = change.kind === 'account' ? change.account : undefined
    if (after) written.set(businessId, after)
    else written.delete(businessId)
    const subject = readHeader(record, subjectHeader) ?? `topic:${topic}`
    return entries(topic, record, subject, auditAccount(businessId, before, after))
  }
}

function entries(topic: string, record: ConsumedRecord, subject: string, audited: Audited[]): AuditEntry[] {
  const { partition, offset, timestampMs } = record
  const at = recordTimeMs(timestampMs)
  return audited.map((what, index) => ({
    id: `${topic}/${partition}/${offset}${index === 0 ? '' : `/${index}`}`,
    at,
    subject,
    ...what,
  }))
}

/** A handwritten record without a secret does not remove it: admin completes the definition with the stored one. */
function withKnownSecret(definition: WebhookDefinition, before: WebhookDefinition | undefined): WebhookDefinition {
  if (definition.secret !== undefined || before?.secret === undefined) return definition
  return { ...definition, secret: before.secret, ...formerFields(before) }
}
