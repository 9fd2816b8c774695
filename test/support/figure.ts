/** Prints the measurement of a guarantee's test as one line. @param id its number in docs/guarantees.md. */
export function figure(id: number, text: string): void {
  process.stdout.write(`guarantee ${id}: ${text}\n`)
}
