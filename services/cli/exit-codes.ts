/** What the process says to scripts; docs/reference/cli.md has the same table. */
export const exitCodes = {
  ok: 0,
  /** The server refused it, or what was asked for did not come out well. */
  failed: 1,
  /** The command line or a file is wrong; nothing was asked of the server. */
  usage: 2,
  /** apply --dry-run: the files and the server differ. */
  differences: 3,
  notFound: 4,
  /** No token, a bad one, or one that may not do it. */
  notAllowed: 5,
  unreachable: 6,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
