import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import type { StatsState } from '../counting/attempts.ts'

export type AlertWriterContext = {
  topic: string
  encode: (alert: WebhookAlert) => Buffer
  send: BatchingProducer['send']
}

/**
 * Writes a state's alerts. Resolves once they are in webhook-alerts, those that came meanwhile too, so that a state is
 * never stored without its alerts. A process that ends between the two writes them again, with the same ids.
 */
export function alertWriter({ topic, encode, send }: AlertWriterContext): (state: StatsState) => Promise<void> {
  return async (state) => {
    const { webhookId, source } = state
    while (state.unsentAlerts.length > 0) {
      const alerts = state.unsentAlerts.splice(0)
      const records = alerts.map((alert) => ({ ...alert, webhookId, businessId: state.businessId }))
      await Promise.all(
        records.map((alert) =>
          send({ topic, key: webhookId, value: encode(alert), partition: source.partition, isLast: true }),
        ),
      )
    }
  }
}

/** For a rebuild, whose alerts the fold in use has written. */
export async function dropAlerts(state: StatsState): Promise<void> {
  state.unsentAlerts.length = 0
}
