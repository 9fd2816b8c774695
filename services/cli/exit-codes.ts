/** Exit codes of the process; docs/reference/cli.md has the same table. */
export const exitCodes = {
  ok: 0,
  /** The server refused the request, or the result was not a success. */
  failed: 1,
  /** The command line or a file is invalid; no request was sent. */
  usage: 2,
  /** apply --dry-run: the files and the server differ. */
  differences: 3,
  notFound: 4,
  /** The token is missing, invalid or lacks the permission. */
  notAllowed: 5,
  unreachable: 6,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
