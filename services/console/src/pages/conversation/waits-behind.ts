import type { FoundNotification } from '../../api/types.ts'

type Waiting = Pick<FoundNotification, 'id' | 'webhookId' | 'fate' | 'attempts'>

/** Failed attempts after which a contact's next notifications no longer wait (docs/architecture.md, Retries). */
const blockingAttempts = 3

/**
 * Notifications of a contact that wait for another one: id of a notification that has not been tried -> the one at the
 * same webhook that has to end first.
 */
export function waitsBehind<One extends Waiting>(inOrder: readonly One[]): Map<string, One> {
  const behind = new Map<string, One>()
  const unfinished = new Map<string, One>()
  for (const one of inOrder) {
    if (one.webhookId === null) continue
    const first = unfinished.get(one.webhookId)
    if (first && (one.fate === 'waiting' || one.fate === 'parked')) behind.set(one.id, first)
    if (blocks(one)) unfinished.set(one.webhookId, one)
  }
  return behind
}

function blocks({ fate, attempts }: Waiting): boolean {
  return fate === 'waiting' || fate === 'parked' || (fate === 'retrying' && attempts <= blockingAttempts)
}
