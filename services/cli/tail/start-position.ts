import type { PartitionEnds } from '../../platform/kafka/readers/range-reader.ts'
import { timeMs } from '../verbs/option-values.ts'

/** Where reading begins, in each partition. */
export type Place =
  | { kind: 'beginning' }
  | { kind: 'end' }
  | { kind: 'offset'; offset: number }
  /** So many offsets before the end. */
  | { kind: 'last'; count: number }
  | { kind: 'time'; atMs: (nowMs: number) => number }

/** @returns null when it is none: `beginning`, `end`, `120`, `-20`, `15m`, `2026-03-01T12:00:00Z`. */
export function readPlace(text: string): Place | null {
  if (text === 'beginning' || text === 'end') return { kind: text }
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) }
  if (/^-\d{1,15}$/.test(text)) return { kind: 'last', count: Number(text.slice(1)) }
  const atMs = timeMs(text)
  return atMs ? { kind: 'time', atMs } : null
}

/** The first offset to read. @param offsetAt the partition's first offset at the time, for a place that is one. */
export function startOf(place: Place, { low, high }: PartitionEnds, offsetAt: number | undefined): number {
  switch (place.kind) {
    case 'beginning':
      return low
    case 'end':
      return high
    case 'offset':
      return Math.max(low, place.offset)
    case 'last':
      return Math.max(low, high - place.count)
    case 'time':
      return offsetAt ?? high
  }
}
