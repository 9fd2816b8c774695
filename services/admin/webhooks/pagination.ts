import type { WebhookDefinition } from '../../domain/definition/definition.ts'

export type Page = { definitions: WebhookDefinition[]; nextCursor?: string }

type Place = [createdAtMs: number, id: string]

/** One page in the order of creation, ids deciding ties. @returns null when the cursor is none of ours. */
export function pageOf(
  definitions: Iterable<WebhookDefinition>,
  limit: number,
  cursor: string | undefined,
): Page | null {
  const after = cursor === undefined ? undefined : decode(cursor)
  if (after === null) return null
  const placed = [...definitions].map((definition) => ({ definition, place: placeOf(definition) }))
  const rest = placed
    .filter(({ place }) => after === undefined || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return {
    definitions: page.map(({ definition }) => definition),
    ...(last && rest.length > limit && { nextCursor: encode(last.place) }),
  }
}

function placeOf({ createdAt, id }: WebhookDefinition): Place {
  return [Date.parse(createdAt), id]
}

function compare([aMs, aId]: Place, [bMs, bId]: Place): number {
  if (aMs !== bMs) return aMs - bMs
  return aId < bId ? -1 : aId > bId ? 1 : 0
}

function encode(place: Place): string {
  return Buffer.from(place.join(' ')).toString('base64url')
}

function decode(cursor: string): Place | null {
  const found = /^(\d+) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString('utf8'))
  return found ? [Number(found[1]), found[2] ?? ''] : null
}
