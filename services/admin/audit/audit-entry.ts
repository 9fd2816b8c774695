import { type Account, type WebhookDefinition, writableNames } from '../../domain/definition/definition.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import { listFormerSecrets, signingAt } from '../../domain/definition/former-secrets.ts'

/** A record of webhook-audit, as schemas/webhook-audit.avsc describes it. */
export type AuditEntry = {
  id: string
  /** Milliseconds since the epoch. */
  at: number
  businessId: string
  subject: string
  action: AuditAction
  webhookId: string | null
  webhookName: string | null
  version: number | null
  changes: AuditedChange[]
}

type AuditAction =
  | `webhook.${'create' | 'update' | 'delete' | 'enable' | 'disable' | 'rotate-secret' | 'complete' | 'switch-off' | 'test'}`
  | `account.${'activate' | 'deactivate'}`
  | `replay.${'start' | 'stop'}`
  | 'unread.replay'

/** from and to are JSON; null where there was, or is, nothing. */
type AuditedChange = { field: string; from: string | null; to: string | null }

/** What a change is, apart from where it stands and who made it. */
export type Audited = Omit<AuditEntry, 'id' | 'at' | 'subject'>

/** Whether two stored values hold the same secret: sealed anew, it looks different. */
export type IsSame = (field: string, from: string, to: string) => boolean

export type DefinitionStep = {
  /** What was written last; undefined without anything. */
  before: WebhookDefinition | undefined
  /** Undefined when it is deleted. */
  after: WebhookDefinition | undefined
  /** Whether admin has written it in the place of a handwritten one. */
  completes: boolean
  /** When, in milliseconds since the epoch. */
  atMs: number
}

/** What a record of webhook-config has changed: nothing, one thing, or two when a webhook goes to another business. */
export function auditDefinition(step: DefinitionStep, isSame: IsSame): Audited[] {
  const { before, after, completes, atMs } = step
  if (before && after && before.businessId !== after.businessId) {
    const leaves = auditDefinition({ ...step, after: undefined, completes: false }, isSame)
    return [...leaves, ...auditDefinition({ ...step, before: undefined }, isSame)]
  }
  const shown = after ?? before
  if (!shown) return []
  const changes = listChanges(readFields(before, atMs), readFields(after, atMs), isSame)
  const { businessId, id, name, version } = shown
  const action = completes ? 'webhook.complete' : findAction(before, after, changes)
  return [{ businessId, action, webhookId: id, webhookName: name, version, changes }]
}

/** @param after undefined when the record is deleted, which deactivates. */
export function auditAccount(businessId: string, before: Account | undefined, after: Account | undefined): Audited[] {
  if (!before && !after) return []
  const was = before?.webhooksEnabled ?? false
  const is = after?.webhooksEnabled ?? false
  const changes = was === is ? [] : [{ field: 'webhooksEnabled', from: String(was), to: String(is) }]
  const action = is ? 'account.activate' : 'account.deactivate'
  return [{ businessId, action, webhookId: null, webhookName: null, version: null, changes }]
}

function findAction(
  before: WebhookDefinition | undefined,
  after: WebhookDefinition | undefined,
  changes: AuditedChange[],
): AuditAction {
  if (!before) return 'webhook.create'
  if (!after) return 'webhook.delete'
  const isOnly = (...names: string[]) =>
    changes.length > 0 && changes.every(({ field }) => names.includes(field.split('.')[0] ?? ''))
  if (isOnly('secret', 'previousSecret', 'olderSecrets')) return 'webhook.rotate-secret'
  if (before.enabled && !after.enabled && after.disabledReason !== undefined && isOnly('enabled', 'disabledReason'))
    return 'webhook.switch-off'
  if (before.enabled !== after.enabled && isOnly('enabled', 'disabledReason'))
    return after.enabled ? 'webhook.enable' : 'webhook.disable'
  return 'webhook.update'
}

function listChanges(from: Map<string, string>, to: Map<string, string>, isSame: IsSame): AuditedChange[] {
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((field) => {
    const [was, is] = [from.get(field), to.get(field)]
    const same = was !== undefined && is !== undefined && (isHidden(field) ? isSame(field, was, is) : was === is)
    if (same) return []
    return [{ field: field.slice(0, maxFieldName), from: shown(field, was), to: shown(field, is) }]
  })
}

/** What of an entry's texts is kept, in characters: all of them must fit into one record. */
const maxFieldName = 200
const maxShown = 10_000
const hidden = JSON.stringify(maskedValue)
export const headerPrefix = 'headers.'
const eventsPrefix = 'events.'

/** Whatever is not known is hidden: it may be a secret under a misspelt name. */
function isHidden(field: string): boolean {
  return !writableNames.includes(field) && field !== 'disabledReason' && !field.startsWith(eventsPrefix)
}

function shown(field: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (isHidden(field)) return hidden
  return value.length <= maxShown ? value : JSON.stringify(`${value.slice(0, maxShown).toWellFormed()}...`)
}

/** Field -> value: JSON, but for secrets and header values, which are as stored. Version and times are the entry's own. */
function readFields(definition: WebhookDefinition | undefined, atMs: number): Map<string, string> {
  if (!definition) return new Map()
  const {
    id: _id,
    businessId: _business,
    version: _version,
    createdAt: _made,
    updatedAt: _changed,
    ...rest
  } = definition
  const {
    events,
    headers,
    secret,
    previousSecret: _secret,
    previousSecretUntil: _until,
    olderSecrets: _older,
    ...plain
  } = rest
  // That an overlap is over is no change of anybody's.
  const [newest, ...older] = signingAt(listFormerSecrets(definition), atMs)
  const json = (prefix: string, values: object) =>
    Object.entries(values).map(([name, value]) => [prefix + name, JSON.stringify(value)] as const)
  return new Map<string, string>([
    ...json('', plain),
    ...json(eventsPrefix, events),
    ...Object.entries(headers).map(([name, value]) => [headerPrefix + name, value] as const),
    ...(secret === undefined ? [] : [['secret', secret] as const]),
    ...(newest ? [['previousSecret', newest.secret] as const] : []),
    ...older.map((former, index) => [`olderSecrets.${index}`, former.secret] as const),
  ])
}
