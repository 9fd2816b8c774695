import {
  type Account,
  type AlertAddresses,
  type WebhookDefinition,
  writableNames,
} from '../../domain/definition/definition.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import { listFormerSecrets, signingAt } from '../../domain/definition/secrets/former-secrets.ts'

/** A record of webhook-audit (schemas/webhook-audit.avsc). */
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
  | `webhook.${'create' | 'update' | 'delete' | 'enable' | 'disable' | 'pause' | 'resume' | 'probe' | 'rotate-secret' | 'complete' | 'switch-off' | 'test' | 'export'}`
  | `account.${'activate' | 'deactivate' | 'alerts'}`
  | `replay.${'start' | 'stop'}`
  | 'unread.replay'

/** Change of one field. `from` and `to` are JSON; null for no value. */
type AuditedChange = { field: string; from: string | null; to: string | null }

/** Value of a change from its JSON; undefined if there is none, or if it is not JSON. */
export function readValue(json: string | null): unknown {
  try {
    return json === null ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

/** A change without its position and its author. */
export type Audited = Omit<AuditEntry, 'id' | 'at' | 'subject'>

/** Whether two stored values hold the same secret, which looks different each time it is sealed. */
export type IsSame = (field: string, from: string, to: string) => boolean

export type DefinitionStep = {
  /** Definition before the change; undefined for none. */
  before: WebhookDefinition | undefined
  /** Definition after the change; undefined after a deletion. */
  after: WebhookDefinition | undefined
  /** Whether admin wrote it to complete a handwritten one. */
  completes: boolean
  /** Time of the change, in milliseconds since the epoch. */
  atMs: number
}

/** Changes made by a record of webhook-config: none, one, or two if the webhook moves to another business. */
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

/** Change of an account. @param after undefined for a deleted record, which deactivates webhooks. */
export function auditAccount(businessId: string, before: Account | undefined, after: Account | undefined): Audited[] {
  if (!before && !after) return []
  const was = before?.webhooksEnabled ?? false
  const is = after?.webhooksEnabled ?? false
  const activation = was === is ? [] : [{ field: 'webhooksEnabled', from: String(was), to: String(is) }]
  const alerts = listAlertChanges(before?.alerts, after?.alerts)
  const isAboutAlerts = activation.length === 0 && alerts.length > 0
  const action = isAboutAlerts ? 'account.alerts' : is ? 'account.activate' : 'account.deactivate'
  const changes = [...activation, ...alerts]
  return [{ businessId, action, webhookId: null, webhookName: null, version: null, changes }]
}

/** Changes of alert addresses. URLs may hold tokens, so only that they have changed is kept. */
function listAlertChanges(before: AlertAddresses | undefined, after: AlertAddresses | undefined): AuditedChange[] {
  return (['emails', 'urls', 'language'] as const).flatMap((field) => {
    const [from, to] = [before, after].map((alerts) => JSON.stringify(alerts?.[field] ?? null)) as [string, string]
    if (from === to) return []
    const isShown = field !== 'urls'
    return [{ field: `alerts.${field}`, from: isShown ? from : hidden, to: isShown ? to : hidden }]
  })
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
  if (before.paused !== after.paused && isOnly('paused')) return after.paused ? 'webhook.pause' : 'webhook.resume'
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

/** Maximum characters kept of an entry's texts, which must all fit into one record. */
const maxFieldName = 200
const maxShown = 10_000
const hidden = JSON.stringify(maskedValue)
const headerPrefix = 'headers.'
const eventsPrefix = 'events.'
/** Parts of objects that hold a secret as well. */
const openParts = ['tls.ca', 'tls.certificate', 'oauth2.tokenUrl', 'oauth2.clientId', 'oauth2.scope']

/** Hides the values of unknown fields, which may be a secret under a misspelt name. */
function isHidden(field: string): boolean {
  const isOpen = writableNames.includes(field) || openParts.includes(field)
  return !isOpen && field !== 'disabledReason' && !field.startsWith(eventsPrefix)
}

function shown(field: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (isHidden(field)) return hidden
  return value.length <= maxShown ? value : JSON.stringify(`${value.slice(0, maxShown).toWellFormed()}...`)
}

/** Field -> value as JSON; secrets and header values as stored. Version and times are left out: the entry has its own. */
function readFields(definition: WebhookDefinition | undefined, atMs: number): Map<string, string> {
  if (!definition) return new Map()
  const {
    id: _id,
    businessId: _business,
    version: _version,
    createdAt: _made,
    updatedAt: _changed,
    pausedAt: _paused,
    resumedAt: _resumed,
    ...rest
  } = definition
  const {
    events,
    headers,
    secret,
    previousSecret: _secret,
    previousSecretUntil: _until,
    olderSecrets: _older,
    // Keys for v1a are made and replaced with the secret.
    signingKey: _key,
    previousSigningKey: _formerKey,
    tls = {},
    oauth2 = {},
    ...plain
  } = rest
  // The end of a rotation's overlap is not a change.
  const [newest, ...older] = signingAt(listFormerSecrets(definition), atMs)
  const json = (prefix: string, values: object) =>
    Object.entries(values).map(([name, value]) => [prefix + name, JSON.stringify(value)] as const)
  /** A sealed part is kept as it is, to be compared. */
  const parts = (prefix: string, values: object, sealed: string) =>
    Object.entries(values).map(
      ([name, value]) => [`${prefix}.${name}`, name === sealed ? String(value) : JSON.stringify(value)] as const,
    )
  return new Map<string, string>([
    ...json('', plain),
    ...json(eventsPrefix, events),
    ...Object.entries(headers).map(([name, value]) => [headerPrefix + name, value] as const),
    ...parts('tls', tls, 'key'),
    ...parts('oauth2', oauth2, 'clientSecret'),
    ...(secret === undefined ? [] : [['secret', secret] as const]),
    ...(newest ? [['previousSecret', newest.secret] as const] : []),
    ...older.map((former, index) => [`olderSecrets.${index}`, former.secret] as const),
  ])
}
