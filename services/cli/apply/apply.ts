import type { AdminApi, AdminWebhook } from '../connection/admin-api.ts'
import { CliFailure } from '../failure.ts'
import type { WantedWebhook } from './definition-file.ts'
import { changesBetween, type FieldDifference } from './diff-lines.ts'
import { type PlanOptions, type PlanStep, planStep } from './plan.ts'

/** Result for one definition. */
export type Applied = {
  action: 'created' | 'updated' | 'unchanged' | 'failed'
  businessId: string
  /** null if there is none yet. */
  id: string | null
  name: string
  changes: FieldDifference[]
  /** Secret of a new webhook, shown this once. */
  secret?: string
  problem?: string
}

type Planned = { businessId: string; step: PlanStep }

/** Compares the files with the server's webhooks; changes nothing. */
export async function plan(
  admin: Pick<AdminApi, 'list'>,
  wanted: (WantedWebhook & { businessId: string })[],
  options: PlanOptions,
): Promise<Planned[]> {
  const existing = new Map<string, AdminWebhook[]>()
  for (const businessId of new Set(wanted.map((one) => one.businessId)))
    existing.set(businessId, await admin.list(businessId))
  return wanted.map((one) => {
    const { businessId } = one
    return { businessId, step: planStep(one, businessId, existing.get(businessId) ?? [], options) }
  })
}

/**
 * Carries out the steps. A refused step is retried after the others as long as any of them succeeds: it may need a
 * channel that another one releases.
 */
export async function carryOut(admin: Pick<AdminApi, 'create' | 'patch'>, planned: Planned[]): Promise<Applied[]> {
  const results = new Map<Planned, Applied>()
  let open = planned
  for (let progress = true; progress && open.length > 0; ) {
    progress = false
    const refused: Planned[] = []
    for (const one of open) {
      const result = await carryOutOne(admin, one)
      results.set(one, result)
      if (result.action === 'failed') refused.push(one)
      else progress = true
    }
    open = refused
  }
  return planned.flatMap((one) => results.get(one) ?? [])
}

async function carryOutOne(admin: Pick<AdminApi, 'create' | 'patch'>, planned: Planned): Promise<Applied> {
  const { step } = planned
  const base = foreseen(planned)
  try {
    switch (step.kind) {
      case 'create': {
        const { id, secret } = await admin.create(step.businessId, step.body)
        return { ...base, id, ...(secret !== undefined && { secret }) }
      }
      case 'update':
        await admin.patch(step.webhook, step.patch)
        return base
      case 'unchanged':
      case 'impossible':
        return base
    }
  } catch (error) {
    if (error instanceof CliFailure) return { ...base, action: 'failed', problem: error.message }
    throw error
  }
}

/** Result of the step if the server accepts it. */
export function foreseen({ businessId, step }: Planned): Applied {
  const { wanted } = step
  const common = { businessId, id: wanted.id ?? null, name: wanted.name ?? '', changes: [] as FieldDifference[] }
  switch (step.kind) {
    case 'create':
      return { ...common, action: 'created', changes: changesBetween({}, step.after) }
    case 'update': {
      const { id, name } = step.webhook
      return { ...common, action: 'updated', id, name, changes: changesBetween(step.before, step.after) }
    }
    case 'unchanged':
      return { ...common, action: 'unchanged', id: step.webhook.id, name: step.webhook.name }
    case 'impossible':
      return { ...common, action: 'failed', problem: `${wanted.place}: ${step.why}` }
  }
}
