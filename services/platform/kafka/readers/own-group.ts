import type { Admin } from 'kafkajs'
import type { Logger } from '../../runtime/log.ts'
import { type KafkajsError, nameDenial } from '../security/denied.ts'

/**
 * Deletes the group of a reader that is alone in it, at its end. A failure is only logged, because Kafka removes empty
 * groups by itself in time (offsets.retention.minutes).
 */
export async function deleteOwnGroup(admin: Admin, groupId: string, log: Logger): Promise<void> {
  try {
    await admin.deleteGroups([groupId])
  } catch (error) {
    const { groups = [] } = error as { groups?: { error?: KafkajsError }[] }
    const cause = groups[0]?.error ?? (error as KafkajsError)
    log.warn({ groupId, reason: nameDenial(cause, 'Delete', `group ${groupId}`).message }, 'the group was not deleted')
  }
}
