import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import type { Kafka } from '../../services/platform/kafka/client.ts'
import type { TopicSpec } from '../../services/platform/kafka/topic-spec.ts'
import { applyTopics, diffTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

const setting = 'max.message.bytes'
/** Limit below the head of a batch (61 bytes), so the broker refuses every record as too large. */
const refusedBytes = '60'
/** A broker applies a new setting within milliseconds of acknowledging it; this leaves a busy machine some seconds. */
const appliedMs = 3_000

/**
 * Makes the broker itself refuse every record of these topics.
 * @param names as in Kafka.
 * @returns restores the former limits.
 */
export async function refuseTopics(kafka: Kafka, names: readonly string[]): Promise<() => Promise<void>> {
  const former = await limitTo(
    kafka,
    names.map((name) => [name, refusedBytes]),
  )
  return async () => void (await limitTo(kafka, former))
}

/** @returns the former limits. */
async function limitTo(kafka: Kafka, limits: [name: string, bytes: string][]): Promise<[string, string][]> {
  const specs = limits.map(([name, bytes]): TopicSpec => ({ name, partitions: 1, settings: { [setting]: bytes } }))
  const changed = await withAdmin(kafka, async (admin) => {
    const settings = (await diffTopics(admin, specs)).filter((difference) => difference.kind === 'setting')
    await applyTopics(admin, specs, settings, -1, systemClock)
    return settings
  })
  await systemClock.sleep(appliedMs)
  return changed.map(({ topic, is }) => [topic, is])
}
