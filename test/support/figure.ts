/** Prints what a guarantee's test has measured, as one line. @param id its number in docs/guarantees.md. */
export function figure(id: number, text: string): void {
  process.stdout.write(`guarantee ${id}: ${text}\n`)
}
