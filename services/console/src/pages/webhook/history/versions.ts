import { definitionDefaults, maskedValue } from '../../../../../domain/definition/definition-values.ts'
import type { AuditView } from '../../../api/types.ts'
import type { Values } from '../../form/fields.ts'

type Change = AuditView['changes'][number]

/** Actions that make a version of the definition; others leave it as it is, or end it. */
const made = ['create', 'update', 'enable', 'disable', 'pause', 'resume', 'rotate-secret', 'complete', 'switch-off']

/** Whether an action of the audit log makes a version of the definition. */
export function makesVersion(action: string): boolean {
  return made.includes(action.replace(/^webhook\./, ''))
}

/** Entries of the audit log that made a version of the definition, in the order given. */
export function listVersions(entries: readonly AuditView[]): AuditView[] {
  return entries.filter(({ action, version }) => version !== null && makesVersion(action))
}

/**
 * Changes from the older to the newer of two versions. Of a secret only that it has changed is known.
 * @param versions newest first.
 */
export function changesBetween(versions: readonly AuditView[], oneId: string, otherId: string): Change[] {
  const places = [oneId, otherId].map((id) => versions.findIndex((version) => version.id === id))
  if (places.includes(-1)) return []
  const [newer, older] = [Math.min(...places), Math.max(...places)]
  const found = new Map<string, Change>()
  for (const { changes } of versions.slice(newer, older).reverse())
    for (const { field, from, to } of changes) found.set(field, { field, from: found.get(field)?.from ?? from, to })
  return [...found.values()].filter(
    ({ from, to }) => from === maskedValue || JSON.stringify(from) !== JSON.stringify(to),
  )
}

/** Fields that stay as they are: secrets, and whether the webhook is on. */
const kept = ['enabled', 'paused', 'headers', 'tls', 'oauth2', 'secret']

/**
 * The form's values with those of an earlier version.
 * @param changes what has changed since that version. @returns left: fields that keep their present value.
 */
export function restoreValues(values: Values, changes: readonly Change[]): { values: Values; left: string[] } {
  const restored: Record<string, unknown> = { ...values }
  const left: string[] = []
  for (const { field, from } of changes) {
    const [name = '', part] = field.split('.', 2)
    const before = from ?? (definitionDefaults as Record<string, unknown>)[name] ?? ''
    if (name === 'events' && part !== undefined && part in values.events)
      restored.events = { ...(restored.events as Values['events']), [part]: from === true }
    else if (kept.includes(name)) left.push(field)
    else if (!Object.hasOwn(values, field)) continue
    else if (isAlike(before, restored[field])) restored[field] = before
    else left.push(field)
  }
  return { values: restored as Values, left }
}

/** Whether a value can take the place of another. A long list is cut to a text in the audit log. */
function isAlike(one: unknown, other: unknown): boolean {
  return Array.isArray(one) === Array.isArray(other)
}
