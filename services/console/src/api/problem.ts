import type { ProblemDetails } from './generated.ts'

/** Problem details (RFC 9457) as admin sends them. Status 0 means that there was no answer. */
export type ProblemBody = Partial<ProblemDetails> & { status: number }

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

/** Whether the same request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && [0, 429, 502, 503, 504].includes(error.status)
}
