const maxLineLength = 200

/** The first line of an answer that has a letter or a digit, by which errors are grouped; null if there is none. */
export function firstLine(excerpt: string | null): string | null {
  const line = excerpt?.split(/\r?\n/).find((each) => /[\p{L}\p{N}]/u.test(each))
  return line === undefined ? null : line.trim().slice(0, maxLineLength).toWellFormed()
}
