import { avroType } from '../../../services/platform/avro/avro.ts'
import { readSchema } from '../../../services/topics/schemas.ts'
import type { Topic } from '../../../services/topics/topic-map.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { StoredRecord } from './log.ts'

/** A record as a reader sees it. */
export type DecodedRecord<T> = Pick<StoredRecord, 'offset' | 'appendedMs' | 'isOfOwner'> & {
  partition: number
  value: T
}

/** Records of a topic, partition by partition; without tombstones. */
export function readAll<T>(cluster: SimulatedCluster, topic: Topic): DecodedRecord<T>[] {
  const type = avroType(readSchema(topic))
  return cluster.partitions(topic.name).flatMap(({ partition, records }) =>
    records.flatMap(({ offset, appendedMs, isOfOwner, value }) =>
      // After the schema's id.
      value ? [{ offset, appendedMs, isOfOwner, partition, value: type.fromBuffer(value.subarray(5)) as T }] : [],
    ),
  )
}
