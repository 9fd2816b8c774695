import type { Account, WebhookDefinition } from '../domain/definition.ts'
import { maskedValue } from './header-rules.ts'

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

export type AuditAction =
  | `webhook.${'create' | 'update' | 'delete' | 'enable' | 'disable' | 'rotate-secret' | 'complete' | 'switch-off'}`
  | `account.${'activate' | 'deactivate'}`
  | 'replay.start'
  | 'unread.replay'

/** from and to are JSON; null where there was, or is, nothing. */
export type AuditedChange = { field: string; from: string | null; to: string | null }

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
  const changes = changesOf(fieldsOf(before, atMs), fieldsOf(after, atMs), isSame)
  const { businessId, id, name, version } = shown
  const action = completes ? 'webhook.complete' : actionOf(before, after, changes)
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

function actionOf(
  before: WebhookDefinition | undefined,
  after: WebhookDefinition | undefined,
  changes: AuditedChange[],
): AuditAction {
  if (!before) return 'webhook.create'
  if (!after) return 'webhook.delete'
  const isOnly = (...names: string[]) => changes.length > 0 && changes.every(({ field }) => names.includes(field))
  if (isOnly('secret', 'previousSecret')) return 'webhook.rotate-secret'
  if (before.enabled && !after.enabled && after.disabledReason !== undefined && isOnly('enabled', 'disabledReason'))
    return 'webhook.switch-off'
  if (before.enabled !== after.enabled && isOnly('enabled', 'disabledReason'))
    return after.enabled ? 'webhook.enable' : 'webhook.disable'
  return 'webhook.update'
}

function changesOf(from: Map<string, string>, to: Map<string, string>, isSame: IsSame): AuditedChange[] {
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((field) => {
    const [was, is] = [from.get(field), to.get(field)]
    const same = was !== undefined && is !== undefined && (isHidden(field) ? isSame(field, was, is) : was === is)
    if (same) return []
    const shown = (value: string | undefined) => (value === undefined || !isHidden(field) ? value : hidden)
    return [{ field, from: shown(was) ?? null, to: shown(is) ?? null }]
  })
}

const hidden = JSON.stringify(maskedValue)
const isHidden = (field: string) => field === 'secret' || field === 'previousSecret' || field.startsWith('headers.')

/** Field -> value: JSON, but for what is hidden, which is as stored. Version and times are the entry's own. */
function fieldsOf(definition: WebhookDefinition | undefined, atMs: number): Map<string, string> {
  if (!definition) return new Map()
  const {
    id: _id,
    businessId: _business,
    version: _version,
    createdAt: _made,
    updatedAt: _changed,
    ...rest
  } = definition
  const { events, headers, secret, previousSecret, previousSecretUntil, ...plain } = rest
  // That an overlap is over is no change of anybody's.
  const overlaps = previousSecret !== undefined && Date.parse(previousSecretUntil ?? '') > atMs
  const json = (prefix: string, values: object) =>
    Object.entries(values).map(([name, value]) => [prefix + name, JSON.stringify(value)] as const)
  return new Map<string, string>([
    ...json('', plain),
    ...json('events.', events),
    ...Object.entries(headers).map(([name, value]) => [`headers.${name}`, value] as const),
    ...(secret === undefined ? [] : [['secret', secret] as const]),
    ...(overlaps ? [['previousSecret', previousSecret] as const] : []),
  ])
}
