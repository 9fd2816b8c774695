import { cursorAt, readCursor } from '../http/shapes.ts'
import type { EventPosition, SearchStart } from './event-search.ts'

/** Cursors of a search, and the ids of what it finds. */

export function writeSearchCursor({ beforeMs, within }: SearchStart): string {
  if (!within) return cursorAt(`${beforeMs}`)
  const { fromMs, after } = within
  return cursorAt(`${beforeMs} ${fromMs} ${after.publishedAtMs} ${writePosition(after)}`)
}

/** @returns undefined without a cursor. @throws HttpProblem 400 for a cursor of another list. */
export function readSearchCursor(cursor: string | undefined): SearchStart | undefined {
  const found = readCursor(cursor, /^(\d{1,15})(?: (\d{1,15}) (\d{1,15}) (\S+))?$/)
  if (!found) return undefined
  const [, before, from, published, place = ''] = found
  const position = readNotificationId(place)
  if (from === undefined || published === undefined || !position) return { beforeMs: Number(before), within: null }
  // A period that ends before it begins occurs only in a forged cursor.
  if (Number(from) >= Number(before)) return { beforeMs: Number(before), within: null }
  const { type, partition, offset } = position
  const after = { type, partition, offset, publishedAtMs: Number(published) }
  return { beforeMs: Number(before), within: { fromMs: Number(from), after } }
}

/** Id of an event and a webhook: kind, partition and offset of the event, then the webhook's id. */
export function writeNotificationId(position: EventPosition, webhookId: string | null): string {
  return webhookId === null ? writePosition(position) : `${writePosition(position)}-${webhookId}`
}

/** @returns null if it is no such id. */
export function readNotificationId(id: string): (EventPosition & { webhookId: string | null }) | null {
  const match = /^([ms])-(\d{1,4})-(\d{1,15})(?:-(.+))?$/s.exec(id)
  if (!match) return null
  const [, letter, partition, offset, webhookId = null] = match
  const type = letter === 'm' ? 'message' : 'status'
  return { type, partition: Number(partition), offset: Number(offset), webhookId }
}

function writePosition({ type, partition, offset }: EventPosition): string {
  return `${type === 'message' ? 'm' : 's'}-${partition}-${offset}`
}
