import type { WebhookDefinition } from '../../../domain/definition/definition.ts'

/** Whose share of the places in flight a webhook's requests are part of. */
export type GroupKeys = { business: string; origin: string }

export const noGroupKeys: GroupKeys = { business: '', origin: '' }
/** By definition: a URL is parsed once for each version. */
const known = new WeakMap<WebhookDefinition, GroupKeys>()

/** @param definition undefined of a webhook that was deleted: nothing is sent for it. */
export function readGroupKeys(definition: WebhookDefinition | undefined): GroupKeys {
  if (!definition) return noGroupKeys
  let groups = known.get(definition)
  if (!groups) {
    const { businessId, url } = definition
    groups = { business: businessId, origin: URL.parse(url)?.origin ?? url }
    known.set(definition, groups)
  }
  return groups
}
