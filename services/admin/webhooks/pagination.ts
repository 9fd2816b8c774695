import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { cursorAt, readCursor } from '../http/shapes.ts'

export type DefinitionPage = { definitions: WebhookDefinition[]; nextCursor?: string }

type Position = [createdAtMs: number, id: string]

/** Cuts one page, in the order of creation, then of ids. @throws HttpProblem 400 for a cursor of another list. */
export function cutPage(
  definitions: Iterable<WebhookDefinition>,
  limit: number,
  cursor: string | undefined,
): DefinitionPage {
  const [, afterMs, afterId = ''] = readCursor(cursor, /^(\d+) (.+)$/s) ?? []
  const rest = [...definitions]
    .map((definition) => ({ definition, position: toPosition(definition) }))
    .filter(({ position }) => afterMs === undefined || compare(position, [Number(afterMs), afterId]) > 0)
    .sort((a, b) => compare(a.position, b.position))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return {
    definitions: page.map(({ definition }) => definition),
    ...(last && rest.length > limit && { nextCursor: cursorAt(last.position.join(' ')) }),
  }
}

function toPosition({ createdAt, id }: WebhookDefinition): Position {
  return [Date.parse(createdAt), id]
}

function compare([aMs, aId]: Position, [bMs, bId]: Position): number {
  if (aMs !== bMs) return aMs - bMs
  return aId < bId ? -1 : aId > bId ? 1 : 0
}
