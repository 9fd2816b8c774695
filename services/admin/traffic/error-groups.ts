import type { ErrorGroup } from '../../domain/api/traffic.ts'
import type { Attempt } from '../../domain/delivery/delivery.ts'
import { firstLine } from '../../domain/delivery/first-line.ts'
import { IdTable } from '../replay/id-table.ts'
import { mostChosen } from '../replay/replay-request.ts'
import { toIsoTime } from './attempt-view.ts'

/** Groups with an answer's line of their own. Further lines count together, by cause and status. */
const mostLines = 50

type Group = Omit<ErrorGroup, 'contacts' | 'deliveryIds'> & { contacts: IdTable; deliveryIds: Set<string> }

/** Whether an attempt belongs to the error log: it failed, or was not sent because of its address. */
export function isLogged({ outcome, cause, test }: Pick<Attempt, 'outcome' | 'cause' | 'test'>): boolean {
  return !test && (outcome === 'error' || (outcome === 'rejected' && cause === 'address'))
}

/** Errors by cause, status and the first line of the answer: a fold over attempts, newest first. */
export class ErrorGroups {
  readonly #groups = new Map<string, Group>()

  add(attempt: Attempt): void {
    const { startedAt, outcome, contactId, deliveryId } = attempt
    const at = toIsoTime(startedAt)
    const group = this.#find(attempt, at)
    group.count++
    if (at < group.firstAt) group.firstAt = at
    if (at > group.lastAt) group.lastAt = at
    group.contacts.add(contactId)
    if (outcome === 'error' && group.deliveryIds.size < mostChosen) group.deliveryIds.add(deliveryId)
  }

  /** The most frequent first. */
  list(): ErrorGroup[] {
    const shown = [...this.#groups.values()].map(({ contacts, deliveryIds, ...group }) => ({
      ...group,
      contacts: contacts.size,
      deliveryIds: [...deliveryIds],
    }))
    return shown.sort((a, b) => b.count - a.count || b.lastAt.localeCompare(a.lastAt))
  }

  #find({ outcome, cause, status, responseExcerpt }: Attempt, at: string): Group {
    const keyOf = (text: string | null) => JSON.stringify([outcome, cause, status, text])
    const own = firstLine(responseExcerpt)
    const isFull = this.#groups.size >= mostLines && !this.#groups.has(keyOf(own))
    const line = isFull ? null : own
    const known = this.#groups.get(keyOf(line))
    if (known) return known
    const times = { count: 0, firstAt: at, lastAt: at }
    const excerpt = isFull ? null : responseExcerpt
    const group = { outcome, cause: cause ?? 'other', status, line, excerpt, ...times }
    const made = { ...group, contacts: new IdTable(), deliveryIds: new Set<string>() }
    this.#groups.set(keyOf(line), made)
    return made
  }
}
