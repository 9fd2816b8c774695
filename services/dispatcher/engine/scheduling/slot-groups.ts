import type { WebhookDefinition } from '../../../domain/definition/definition.ts'

/** Whose share of the places in flight a webhook's requests are part of. */
export type Groups = { business: string; origin: string }

export const nobody: Groups = { business: '', origin: '' }
/** By definition: a URL is parsed once for each version. */
const known = new WeakMap<WebhookDefinition, Groups>()

/** @param definition undefined of a webhook that was deleted: nothing is sent for it. */
export function groupsOf(definition: WebhookDefinition | undefined): Groups {
  if (!definition) return nobody
  let groups = known.get(definition)
  if (!groups) {
    const { businessId, url } = definition
    groups = { business: businessId, origin: URL.parse(url)?.origin ?? url }
    known.set(definition, groups)
  }
  return groups
}
