import { InvalidArgumentError } from 'commander'

/** Values of options, read: each throws InvalidArgumentError, which commander tells the user. */

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number from 1.')
  return value
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError('It is a number above 0.')
  return value
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It is a whole number from 0.')
  return value
}

/** A point in time, once one knows what time it is; as ISO 8601. */
export function time(text: string): (nowMs: number) => string {
  const at = timeMs(text)
  if (at === null)
    throw new InvalidArgumentError('It is a time such as 2026-03-01T12:00:00Z, or so long ago: 15m, 6h, 2d.')
  return (nowMs) => new Date(at(nowMs)).toISOString()
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @returns null when it is neither a time nor a duration. */
export function timeMs(text: string): ((nowMs: number) => number) | null {
  const duration = /^(\d{1,9})([smhd])$/.exec(text)
  if (duration) {
    const agoMs = Number(duration[1]) * (unitMs[duration[2] ?? ''] ?? 0)
    return (nowMs) => Math.max(0, nowMs - agoMs)
  }
  // A bare number would be a year to Date.parse.
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : () => at
}
