import { ApiProblem } from '../../../api/problem.ts'
import type { Webhook } from '../../../api/types.ts'

/** Actions on several webhooks at once. */
export const bulkActions = ['pause', 'resume', 'switchOff'] as const
export type BulkAction = (typeof bulkActions)[number]

/** Whether an action changes anything about a webhook. */
export function isChanged({ enabled, paused }: Pick<Webhook, 'enabled' | 'paused'>, action: BulkAction): boolean {
  switch (action) {
    case 'pause':
      return enabled && !paused
    case 'resume':
      return paused
    case 'switchOff':
      return enabled
  }
}

/** Answers that say something about one webhook: it was changed or deleted meanwhile. */
const ofOneWebhook = [404, 409, 412, 422]

export type BulkResult = { done: number; error: unknown }

/**
 * Changes webhooks one after another, so that a bulk action takes no more of the server than a person does. It goes on
 * after a refusal that is about one webhook only, and stops at any other failure.
 * @returns the first failure; null if there was none.
 */
export async function changeEach<T>(webhooks: T[], change: (webhook: T) => Promise<unknown>): Promise<BulkResult> {
  const result: BulkResult = { done: 0, error: null }
  for (const webhook of webhooks) {
    try {
      await change(webhook)
      result.done++
    } catch (error) {
      result.error ??= error
      if (!(error instanceof ApiProblem && ofOneWebhook.includes(error.status))) break
    }
  }
  return result
}
