import type { TSchema } from 'typebox'
import { type Mask, maskFor } from '../../domain/api/personal.ts'
import type { AnswerSchemas } from './route.ts'
import type { Row, RowStream } from './row-stream.ts'
import type { SentAnswer } from './send-answer.ts'

/** Creates the function that masks the personal data in a route's answers (decision 35). */
export function createMasking(answers: AnswerSchemas): (answer: SentAnswer) => SentAnswer {
  const masks = new Map(
    Object.entries(answers).map(([status, { schema, rows }]) => [Number(status), rows ? maskRows(rows) : mask(schema)]),
  )
  return (answer) => {
    const mask = masks.get(answer.status)
    return mask ? { ...answer, body: mask(answer.body) } : answer
  }
}

function mask(schema: TSchema | undefined): Mask | null {
  return schema ? maskFor(schema) : null
}

function maskRows(rows: TSchema): Mask | null {
  const maskRow = maskFor(rows)
  return maskRow && ((body) => ({ ...(body as RowStream), pages: maskPages((body as RowStream).pages, maskRow) }))
}

async function* maskPages(pages: AsyncIterable<Row[]>, maskRow: Mask): AsyncIterable<Row[]> {
  for await (const page of pages) yield page.map((row) => maskRow(row) as Row)
}
