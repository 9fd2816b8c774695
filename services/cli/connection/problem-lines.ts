import type { ProblemDetails } from '../../domain/api/problem.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'

/** Lines for a response that is not a success: the problem, then each wrong field with its message. */
export function problemLines(status: number, body: unknown): string[] {
  const { title, detail, errors } = asProblem(body)
  const head = `${status} ${title ?? 'without a reason'}${detail ? `: ${detail}` : ''}`
  return [head, ...(errors ?? []).map(({ field, message }) => `  ${field || '(the body)'} ${message}`)]
}

export function toExitCode(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.notAllowed
  return exitCodes.failed
}

function asProblem(body: unknown): Partial<ProblemDetails> {
  return typeof body === 'object' && body !== null ? (body as Partial<ProblemDetails>) : {}
}
