import { type ExitCode, exitCodes } from '../exit-codes.ts'

/** Problem details (RFC 9457) with the members that admin adds. */
type ProblemDetails = {
  title?: string
  detail?: string
  errors?: { field: string; message: string }[]
}

/** Lines for a response that is not a success: the problem, then each wrong field with its message. */
export function problemLines(status: number, body: unknown): string[] {
  const { title, detail, errors } = problemOf(body)
  const head = `${status} ${title ?? 'without a reason'}${detail ? `: ${detail}` : ''}`
  return [head, ...(errors ?? []).map(({ field, message }) => `  ${field || '(the body)'} ${message}`)]
}

export function toExitCode(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.notAllowed
  return exitCodes.failed
}

function problemOf(body: unknown): ProblemDetails {
  return typeof body === 'object' && body !== null ? (body as ProblemDetails) : {}
}
