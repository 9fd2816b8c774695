import type { PartitionEnds } from '../../platform/kafka/wire/list-offsets.ts'
import { parseTimeOrAge } from '../verbs/option-values.ts'

/** Where reading of each partition begins. */
export type TailStart =
  | { kind: 'beginning' }
  | { kind: 'end' }
  | { kind: 'offset'; offset: number }
  /** count offsets before the end. */
  | { kind: 'last'; count: number }
  | { kind: 'time'; atMs: (nowMs: number) => number }

/** Parses `beginning`, `end`, `120`, `-20`, `15m` or `2026-03-01T12:00:00Z`; null for anything else. */
export function parseTailStart(text: string): TailStart | null {
  if (text === 'beginning' || text === 'end') return { kind: text }
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) }
  if (/^-\d{1,15}$/.test(text)) return { kind: 'last', count: Number(text.slice(1)) }
  const atMs = parseTimeOrAge(text)
  return atMs ? { kind: 'time', atMs } : null
}

/** First offset to read. @param offsetAt the partition's first offset at the given time, if a time is given. */
export function findStartOffset(place: TailStart, { low, high }: PartitionEnds, offsetAt: number | undefined): number {
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
