import type { ProblemDetails } from './generated.ts'

/** Problem details (RFC 9457) as admin sends them. Status 0 means that there was no answer. */
export type ProblemBody = Partial<ProblemDetails> & { status: number }

/** Status of a request that the console has given up, the same as that of a server which has given up a dependency. */
export const noAnswerInTime = 504

/** A failed request of the console. */
export class ApiProblem extends Error {
  override name = 'ApiProblem'
  readonly body: ProblemBody

  constructor(body: ProblemBody) {
    super(body.detail ?? body.title ?? `status ${body.status}`)
    this.body = body
  }

  get status(): number {
    return this.body.status
  }
}

/**
 * Whether the same request may succeed a moment later. One without an answer in time is not among them: it has waited long
 * enough for the viewer to be told.
 */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && [0, 429, 502, 503].includes(error.status)
}

/** Whether there was no server that could answer. */
export function isUnserved(error: unknown): boolean {
  return error instanceof ApiProblem && [0, 502, 503].includes(error.status)
}
