import { nextVersion, type WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import { type Acknowledged, type OutgoingRecord, RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'

export type SwitchOffContext = {
  topic: string
  /** Resolves when `current` reflects everything written before the call. */
  caughtUp: () => Promise<void>
  current: (webhookId: string) => Entry | undefined
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  clock: Pick<Clock, 'nowMs' | 'sleep'>
  stopping: AbortSignal
  log: Logger
}

/** Wait before a definition is written again, after Kafka refused it or the right to write was missing. */
const againMs = 60_000

/**
 * Switches a webhook off in its definition, with the reason, unless it has been edited meanwhile. Tries again while
 * Kafka does not take the definition; this process does not send to the webhook in any case.
 */
export async function switchOff(
  { definition, offset }: Entry,
  reason: string,
  context: SwitchOffContext,
): Promise<void> {
  const { caughtUp, current, clock, stopping, log } = context
  const { id, businessId } = definition
  log.warn({ webhookId: id, businessId, reason }, 'webhook switched off')
  while (!stopping.aborted) {
    await caughtUp()
    if (current(id)?.offset !== offset) return
    const refusal = await write(definition, reason, context)
    if (refusal === null) return
    log.error({ webhookId: id, businessId, refusal }, 'Kafka refused to switch the definition off: trying again')
    await clock.sleep(againMs, stopping)
  }
}

/**
 * Writes the definition; one at the size limit of a record has no room for the reason.
 * @returns why Kafka refused it, or null.
 */
async function write(
  definition: WebhookDefinition,
  reason: string,
  { topic, send, clock }: SwitchOffContext,
): Promise<string | null> {
  const updatedAt = new Date(clock.nowMs()).toISOString()
  const off = { ...definition, enabled: false, version: nextVersion(definition.version), updatedAt }
  let refusal: string | null = null
  for (const changed of [{ ...off, disabledReason: reason }, off]) {
    try {
      const value = JSON.stringify(changed)
      await send({ topic, key: definition.id, partition: 0, value, whileForbidden: 'refuse' })
      return null
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error
      refusal = error.message
      if (error.kind === 'forbidden') return refusal
    }
  }
  return refusal
}
