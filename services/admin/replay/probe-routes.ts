import { randomBytes } from 'node:crypto'
import { ProbeStarted } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { isPaused } from '../../domain/definition/pause.ts'
import { blockMs } from '../../domain/delivery/webhook-snapshot.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { type ApiResponse, type ApiRoute, type Call, route } from '../http/route.ts'
import { WebhookParams } from '../http/shapes.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import type { Monitoring } from '../status/monitoring.ts'
import { requireOn, requireOwn } from '../webhooks/own-webhook.ts'
import { conflict } from '../webhooks/refusal.ts'
import { type ReplayDeps, toSend } from './replay-actions.ts'
import { newReplayId } from './replay-progress.ts'
import type { ReplayScans } from './replay-topics.ts'
import type { SelectedDelivery } from './selection/replay-selected.ts'

export type ProbeDeps = Pick<ReplayDeps, 'store' | 'accounts' | 'topics' | 'scans' | 'audit' | 'clock' | 'log'> & {
  monitoring: Pick<Monitoring, 'health'>
}

/** The one notification of a probe needs no pace. */
const probeRate = 1_000

export function probeRoutes(deps: ProbeDeps): ApiRoute[] {
  return [
    route({
      operationId: 'probeWebhook',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/webhooks/:id/probe',
      permission: 'webhooks:write',
      schema: {
        tags: ['replay'],
        summary: 'Send a probe to a blocked webhook now',
        description:
          'Ends the wait: the next notification is sent as the probe, whose success ends the block, and whose failure begins ' +
          'another one. Where none waits, the latest rejected one is sent.',
        params: WebhookParams,
        answers: { 202: { description: 'On its way.', schema: ProbeStarted } },
        failures: [404, 409],
      },
      handle: (call) => probe(deps, call),
    }),
  ]
}

async function probe(
  deps: ProbeDeps,
  { params, identity, ended }: Call<{ params: typeof WebhookParams }>,
): Promise<ApiResponse<202, ProbeStarted>> {
  const { store, accounts, topics, scans, audit, clock, log, monitoring } = deps
  const { definition } = requireOwn(store, params)
  requireOn(accounts, definition)
  const { id: webhookId, businessId } = definition
  const health = monitoring.health(definition)
  const { state, openUntil } = health?.breaker ?? { state: 'closed', openUntil: null }
  if (isPaused(definition)) throw conflict('paused')
  if (state !== 'open' || openUntil === null) throw conflict('not-blocked')
  const nowMs = clock.nowMs()
  await audit(toAuditEntry(definition, nowMs, identity.subject))
  log.info({ businessId, webhookId, subject: identity.subject }, 'probe requested')
  const deliveryId = await scans.run(businessId, ended, async (reader) => {
    const isWaiting = Boolean(health?.parked)
    const rejected = isWaiting ? undefined : await findRejected(topics.within(reader), definition, openUntil - blockMs)
    // The order comes first: both are in one partition, and the dispatcher takes them in this order.
    await topics.writeOrder(reader, webhookId, { kind: 'probe', webhookId })
    const replayId = newReplayId(nowMs, randomBytes(8).toString('hex'))
    if (!rejected) return null
    await topics.write([toSend(rejected, replayId, nowMs, probeRate)])
    return rejected.delivery.deliveryId
  })
  return { status: 202, body: { deliveryId } }
}

/** The latest notification that was given up since the block began. */
async function findRejected(
  scans: ReplayScans,
  { id, businessId }: WebhookDefinition,
  sinceMs: number,
): Promise<SelectedDelivery | undefined> {
  let latest: { deliveryId: string; givenUpAt: number } | undefined
  await scans.deadLetters(id, sinceMs - clockSkewMs, ({ delivery, deadLetteredAt }) => {
    if (delivery?.businessId === businessId) latest = { deliveryId: delivery.deliveryId, givenUpAt: deadLetteredAt }
  })
  const delivery = latest && (await scans.findWhole(id, latest.deliveryId))
  return latest && delivery && { delivery, givenUpAt: latest.givenUpAt }
}

function toAuditEntry({ id, businessId, name, version }: WebhookDefinition, at: number, subject: string): AuditEntry {
  const webhook = { webhookId: id, webhookName: name, version }
  return { id: `probe/${id}/${at}`, at, businessId, subject, action: 'webhook.probe', ...webhook, changes: [] }
}
