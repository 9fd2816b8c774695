import { build } from 'hdr-histogram-js'

/** Two significant digits: buckets of one unit below 256, of about 1 % of their value above (HdrHistogram). */
const shape = { bitBucketSize: 32, numberOfSignificantValueDigits: 2, autoResize: true, useWebAssembly: false } as const

/** Values counted in the buckets of an HdrHistogram, as two short lists in ascending order that fit into a record. */
export type Buckets = { values: number[]; counts: number[] }

/** Only maps values to buckets; nothing is counted in it. */
const ruler = build(shape) as ReturnType<typeof build> & { lowestEquivalentValue(value: number): number }

/** Lowest value of the bucket that holds the rounded value. */
export function findBucket(value: number): number {
  return ruler.lowestEquivalentValue(Math.round(value))
}

/** Counts a value in place. */
export function countValue({ values, counts }: Buckets, value: number): void {
  const bucket = findBucket(value)
  const at = findBucketIndex(values, bucket)
  if (values[at] === bucket) counts[at] = (counts[at] ?? 0) + 1
  else {
    values.splice(at, 0, bucket)
    counts.splice(at, 0, 1)
  }
}

/**
 * @param percents such as [50, 99].
 * @returns one value for each percent, accurate to the width of its bucket; [] if there are no values.
 */
export function computePercentiles(all: readonly Buckets[], percents: readonly number[]): number[] {
  const histogram = build(shape)
  for (const { values, counts } of all)
    for (const [index, value] of values.entries()) histogram.recordValueWithCount(value, counts[index] ?? 0)
  if (histogram.totalCount === 0) return []
  return percents.map((percent) => histogram.getValueAtPercentile(percent))
}

/** Index of the first bucket that is not lower. */
function findBucketIndex(values: readonly number[], bucket: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] ?? 0) < bucket) low = middle + 1
    else high = middle
  }
  return low
}
