import { InvalidArgumentError } from 'commander'

/** Parsers of option values. Each throws InvalidArgumentError, which commander reports to the user. */

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number, at least 1.')
  return value
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError('Expected a number above 0.')
  return value
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('Expected a whole number, at least 0.')
  return value
}

/** @returns the time, or the time an age ago, as ISO 8601; computed from the current time. */
export function time(text: string): (nowMs: number) => string {
  const at = parseTimeOrAge(text)
  if (at === null)
    throw new InvalidArgumentError('Expected a time such as 2026-03-01T12:00:00Z, or an age: 15m, 6h, 2d.')
  return (nowMs) => new Date(at(nowMs)).toISOString()
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Parses a time such as 2026-03-01T12:00:00Z, or an age such as 15m.
 * @returns its milliseconds since the epoch, computed from the current time. null for text that is neither.
 */
export function parseTimeOrAge(text: string): ((nowMs: number) => number) | null {
  const duration = /^(\d{1,9})([smhd])$/.exec(text)
  if (duration) {
    const agoMs = Number(duration[1]) * (unitMs[duration[2] ?? ''] ?? 0)
    return (nowMs) => Math.max(0, nowMs - agoMs)
  }
  // Date.parse would read a bare number as a year.
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : () => at
}
