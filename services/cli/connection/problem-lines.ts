import { type ExitCode, exitCodes } from '../exit-codes.ts'

/** RFC 9457, with the members that admin adds. */
export type ProblemDetails = {
  title?: string
  detail?: string
  errors?: { field: string; message: string }[]
}

/** An answer that is no success, in lines: what it is about, then each field with what is wrong with it. */
export function problemLines(status: number, body: unknown): string[] {
  const { title, detail, errors } = problemOf(body)
  const head = `${status} ${title ?? 'without a reason'}${detail ? `: ${detail}` : ''}`
  return [head, ...(errors ?? []).map(({ field, message }) => `  ${field || '(the body)'} ${message}`)]
}

export function exitCodeOf(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.notAllowed
  return exitCodes.failed
}

function problemOf(body: unknown): ProblemDetails {
  return typeof body === 'object' && body !== null ? (body as ProblemDetails) : {}
}
