import type { TSchema } from 'typebox'
import { holds, type Permission } from '../../domain/api/permissions.ts'
import { type Mask, maskFor, maskingPermissions } from '../../domain/api/personal.ts'
import type { AnswerSchemas } from './route.ts'
import type { Row, RowStream } from './row-stream.ts'
import type { SentAnswer } from './send-answer.ts'

type Viewer = Parameters<typeof holds>[0]

/** Creates the function that masks in a route's answers what a viewer may not see (decision 35). */
export function createMasking(answers: AnswerSchemas): (answer: SentAnswer, viewer: Viewer) => SentAnswer {
  const masks = maskingPermissions.map((permission) => ({ permission, byStatus: createMasks(answers, permission) }))
  return (answer, viewer) => {
    let { body } = answer
    for (const { permission, byStatus } of masks) {
      const mask = byStatus.get(answer.status)
      if (mask && !holds(viewer, permission)) body = mask(body)
    }
    return body === answer.body ? answer : { ...answer, body }
  }
}

/** Masks of a route's answers for viewers without a permission, by status. */
function createMasks(answers: AnswerSchemas, permission: Permission): Map<number, Mask | null> {
  const all = Object.entries(answers).map(([status, { schema, rows }]) => {
    const mask = rows ? maskRows(rows, permission) : schema ? maskFor(schema, permission) : null
    return [Number(status), mask] as const
  })
  return new Map(all)
}

function maskRows(rows: TSchema, permission: Permission): Mask | null {
  const maskRow = maskFor(rows, permission)
  return maskRow && ((body) => ({ ...(body as RowStream), pages: maskPages((body as RowStream).pages, maskRow) }))
}

async function* maskPages(pages: AsyncIterable<Row[]>, maskRow: Mask): AsyncIterable<Row[]> {
  for await (const page of pages) yield page.map((row) => maskRow(row) as Row)
}
