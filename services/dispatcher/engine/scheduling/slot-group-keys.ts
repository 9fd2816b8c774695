import type { WebhookDefinition } from '../../../domain/definition/definition.ts'

/** Groups whose share of the request slots a webhook's requests are part of. */
export type GroupKeys = { business: string; origin: string }

export const noGroupKeys: GroupKeys = { business: '', origin: '' }
/** Group keys by definition: a URL is parsed once for each version. */
const known = new WeakMap<WebhookDefinition, GroupKeys>()

/** @param definition undefined for a deleted webhook, to which nothing is sent. */
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
