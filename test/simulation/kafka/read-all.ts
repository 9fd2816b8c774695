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

/** Values read before: each is looked at several times, while a run comes to rest and when it is judged. */
const values = new WeakMap<Buffer, unknown>()

/** Records of a topic, partition by partition; without tombstones. */
export function readAll<T>(cluster: SimulatedCluster, topic: Topic): DecodedRecord<T>[] {
  const type = avroType(readSchema(topic))
  const decode = (bytes: Buffer): T => {
    if (!values.has(bytes)) values.set(bytes, type.fromBuffer(bytes.subarray(bytesOfSchemaId)))
    return values.get(bytes) as T
  }
  return cluster
    .partitions(topic.name)
    .flatMap(({ partition, records }) =>
      records.flatMap(({ offset, appendedMs, isOfOwner, value }) =>
        value ? [{ offset, appendedMs, isOfOwner, partition, value: decode(value) }] : [],
      ),
    )
}

/** Bytes of the schema's id in front of a value. */
const bytesOfSchemaId = 5
