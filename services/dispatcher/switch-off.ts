import { nextVersion } from '../domain/definition.ts'
import type { Entry } from '../domain/definition-table.ts'
import type { Acknowledged, OutgoingRecord } from '../platform/kafka/producer.ts'
import type { Logger } from '../platform/log.ts'

export type SwitchOffContext = {
  topic: string
  /** Resolves when all that was written before the call is what `current` tells. */
  caughtUp: () => Promise<void>
  current: (webhookId: string) => Entry | undefined
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  nowMs: () => number
  log: Logger
}

/** Switches a webhook off in its definition, and writes why; not when it has been edited meanwhile. */
export async function switchOff(
  { definition, offset }: Entry,
  reason: string,
  context: SwitchOffContext,
): Promise<void> {
  const { topic, caughtUp, current, send, nowMs, log } = context
  const { id, businessId } = definition
  await caughtUp()
  if (current(id)?.offset !== offset) return
  log.warn({ webhookId: id, businessId, reason }, 'webhook switched off')
  const updatedAt = new Date(nowMs()).toISOString()
  const changed = {
    ...definition,
    enabled: false,
    disabledReason: reason,
    version: nextVersion(definition.version),
    updatedAt,
  }
  await send({ topic, key: id, partition: 0, value: JSON.stringify(changed) })
}
