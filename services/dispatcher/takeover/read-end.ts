import { strict as assert } from 'node:assert'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'

/** A partition whose end is unknown must not count as empty: what a former owner parked there would never be sent. */
export async function readEnd(reader: Pick<RangeReader, 'ends'>, topic: string, partition: number): Promise<number> {
  const end = (await reader.ends(topic, [partition])).find((each) => each.partition === partition)
  assert(end, `the end of ${topic}/${partition} is known`)
  return end.high
}
