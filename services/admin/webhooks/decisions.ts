import type { Conflict, Draft } from '../../domain/api/webhook.ts'
import { type WebhookDefinition, writableNames } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Checked, Problem } from '../../platform/json/json-schema.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import { channelConflicts, type FindOwner } from './rules/channel-rules.ts'
import { checkDraft, isObject, mergePatch } from './rules/draft-rules.ts'
import { maskParts } from './secrets.ts'

/** Reason why a change is refused. */
export type Refusal =
  | { kind: 'unknown' }
  | { kind: 'unconditional' }
  | { kind: 'stale'; current: Entry }
  | { kind: 'invalid'; problems: Problem[] }
  | { kind: 'conflict'; conflicts: Conflict[] }

export type Decision<T> = { kind: 'accepted'; value: T } | Refusal

export function decideCreate(body: unknown, findOwner: FindOwner, policy: UrlPolicy): Decision<Draft> {
  const written = new Set(isObject(body) ? Object.keys(body) : [])
  return decideDraft(checkDraft(body, { ...policy, stored: null, written }), [], findOwner)
}

/** Header values of the accepted draft are plain, or masked where the stored value stays. */
export function decidePatch(
  current: WebhookDefinition,
  body: unknown,
  findOwner: FindOwner,
  policy: UrlPolicy,
): Decision<Draft> {
  if (!isObject(body))
    return { kind: 'invalid', problems: [{ field: '', message: 'must be object', code: 'type', limit: 'object' }] }
  const merged = mergePatch(toDraft(current), body)
  const rules = { ...policy, stored: current, written: new Set(Object.keys(body)) }
  return decideDraft(checkDraft(merged, rules), current.channels, findOwner)
}

function decideDraft(checked: Checked<Draft>, held: readonly string[], findOwner: FindOwner): Decision<Draft> {
  if (!checked.ok) return { kind: 'invalid', problems: checked.problems }
  const conflicts = channelConflicts(checked.value.channels, held, findOwner)
  return conflicts.length > 0 ? { kind: 'conflict', conflicts } : { kind: 'accepted', value: checked.value }
}

/** Properties of a definition that clients write, with masked header values. */
export function toDraft(definition: WebhookDefinition): Draft {
  const draft = Object.fromEntries(
    Object.entries(definition).filter(([name]) => writableNames.includes(name)),
  ) as unknown as Draft
  // A record written by hand may have unknown properties in events.
  const { userMessages, botMessages, operatorMessages, deliveredStatus, readStatus, variableChanges } = draft.events
  const events = { userMessages, botMessages, operatorMessages, deliveredStatus, readStatus, variableChanges }
  return { ...draft, events, ...maskParts(definition) }
}

/**
 * Decides whether a change applies to the definition in force (RFC 9110, 13.1.1; strong comparison: W/"..." never matches).
 * @param ifMatch the header If-Match: a list of entity tags, or * for any.
 */
export function decideVersion(
  current: Entry | undefined,
  ifMatch: string | undefined,
  condition: 'required' | 'optional',
): Decision<WebhookDefinition> {
  if (!current) return { kind: 'unknown' }
  const { definition } = current
  if (ifMatch === undefined)
    return condition === 'required' ? { kind: 'unconditional' } : { kind: 'accepted', value: definition }
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  const matches = ['*', entityTag(current), ...versionTag(current)].some((tag) => tags.includes(tag))
  return matches ? { kind: 'accepted', value: definition } : { kind: 'stale', current }
}

/** Entity tag of version and offset. An operator may write a version twice, but an offset is unique. */
export function entityTag({ definition, offset }: Entry): string {
  return `"${definition.version}-${offset}"`
}

/** Tag of the version alone, which is accepted too (contract.md, section 5) unless another record had that version. */
function versionTag({ definition, isRepeated }: Entry): string[] {
  return isRepeated ? [] : [`"${definition.version}"`]
}
