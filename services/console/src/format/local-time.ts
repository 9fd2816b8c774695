/** Value of <input type="datetime-local"> in the viewer's zone, such as 2026-03-01T12:30. */
export function toLocalInput(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - offsetMs).toISOString().slice(0, 16)
}

/** @returns null while the field is empty. */
export function fromLocalInput(value: string): string | null {
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
