import { decidedOn, readHeader } from '../../definitions/config-headers.ts'
import { accountParser, definitionParser } from '../../definitions/config-tables.ts'
import { formerSecretField, openHeader } from '../../definitions/sealed-values.ts'
import { type Account, sealContext, type WebhookDefinition } from '../../domain/definition/definition.ts'
import { NewestRecords } from '../../domain/definition/newest-records.ts'
import { recordTimeMs } from '../../domain/definition/record-time.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { KeyRing, Opened } from '../../platform/keyring.ts'
import { completesHeader, subjectHeader } from '../definitions/record-headers.ts'
import {
  type AuditEntry,
  type Audited,
  auditAccount,
  auditDefinition,
  type DefinitionStep,
  headerPrefix,
  type IsSame,
} from './audit-entry.ts'

/** A fold over a config topic: each record of it in its order, and what that has changed. */
export type AuditFold = (record: ConsumedRecord) => AuditEntry[]

/** Of webhook-config. @param topic without the prefix */
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
    // As in definition-table.ts: what is invalid, or under another webhook's key, is not in force and changes nothing.
    if (change.kind === 'invalid' || (change.kind === 'definition' && change.definition.id !== id)) return []
    const after = change.kind === 'definition' ? withKnownSecret(change.definition, before) : undefined
    if (after) written.set(id, after)
    else written.delete(id)
    const completes = readHeader(record, completesHeader)
    const step = { before, after, completes: completes !== null, atMs: recordTimeMs(record.timestampMs) }
    const audited = auditDefinition(step, sameSecret(keys, before, after))
    // An instance that took over while the one before was at it: the same once more.
    const isRepeated = completes !== null && completed.get(id) === completes
    if (completes !== null) completed.set(id, completes)
    if (isRepeated && audited.every(({ changes }) => changes.length === 0)) return []
    return entries(topic, record, readHeader(record, subjectHeader) ?? findWriter(topic, step), audited)
  }
}

/** Who has written a definition without saying for whom: only admin says. */
function findWriter(topic: string, { before, after, completes }: DefinitionStep): string {
  if (completes) return 'service:admin'
  const isSwitchOff = after?.disabledReason !== undefined && before?.disabledReason === undefined
  return isSwitchOff ? 'service:dispatcher' : `topic:${topic}`
}

/** A value that is sealed anew is still the same; each is opened where it stands. */
function sameSecret(keys: KeyRing, before?: WebhookDefinition, after?: WebhookDefinition): IsSame {
  return (field, from, to) => {
    if (from === to) return true
    if (!before || !after) return false
    const [a, b] = [opened(keys, before, field, from), opened(keys, after, field, to)]
    return a.ok && b.ok && a.plain === b.plain
  }
}

function opened(keys: KeyRing, place: WebhookDefinition, field: string, value: string): Opened {
  if (field.startsWith(headerPrefix)) return openHeader(keys, place, field.slice(headerPrefix.length), value)
  return keys.open(value, sealContext(place, field === 'secret' ? field : formerSecretField))
}

/** Of account-config. @param topic without the prefix */
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

/** An operator who leaves the secret out does not take it away: admin completes the definition with the stored one. */
function withKnownSecret(definition: WebhookDefinition, before: WebhookDefinition | undefined): WebhookDefinition {
  if (definition.secret !== undefined || before?.secret === undefined) return definition
  const { secret, previousSecret, previousSecretUntil, olderSecrets } = before
  return {
    ...definition,
    secret,
    ...(previousSecret !== undefined && { previousSecret }),
    ...(previousSecretUntil !== undefined && { previousSecretUntil }),
    ...(olderSecrets !== undefined && { olderSecrets }),
  }
}
