/** Codecs that `reading` compares: our own, and that of @platformatic/kafka. */
export const readingLayers = ['own', 'client'] as const
export type ReadingLayer = (typeof readingLayers)[number]

/** Orders to a reading process. */
export type ReadingOrder = { expect: number; warmUp: number } | { idleMs: number }

/** CPU time for a record; heap after a collection. */
export type ReadingFigures = {
  perSecond: number
  cpuMicros: number
  p50Ms: number
  p99Ms: number
  heapMb: number
  rssMb: number
  /** Parts of answers that brought records of one partition. */
  batches: number
}
