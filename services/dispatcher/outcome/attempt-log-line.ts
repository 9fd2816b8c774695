import { isReplaced } from '../../domain/delivery/outcome.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { OutcomeRecords } from '../engine/ports.ts'

/**
 * Logs one line per attempt with ids, outcome and duration: failures at warn, the rest at debug. Never a body or a
 * header.
 */
export function logOutcome(log: Logger, { attempt, deadLetter }: OutcomeRecords): void {
  const isFailure = (attempt?.outcome === 'error' || attempt?.outcome === 'rejected') && !isReplaced(attempt)
  const level = isFailure || deadLetter ? 'warn' : 'debug'
  if (!log.isLevelEnabled(level)) return
  const delivery = attempt ?? deadLetter?.delivery
  log[level](
    {
      deliveryId: delivery?.deliveryId,
      webhookId: delivery?.webhookId,
      ...(attempt && {
        attempt: attempt.attempt,
        outcome: attempt.outcome,
        cause: attempt.cause,
        status: attempt.status,
        latencyMs: attempt.latencyMs,
        next: attempt.next,
      }),
      ...(deadLetter && {
        deadLetter: deadLetter.reason,
        source: { topic: deadLetter.source.topic, offset: deadLetter.source.offset },
      }),
    },
    deadLetter ? 'dead letter' : 'attempt',
  )
}
