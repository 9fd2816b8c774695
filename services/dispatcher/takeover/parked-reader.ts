import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { EnginePorts } from '../engine/ports.ts'
import type { UnreadableRecords } from './unreadable-records.ts'

export type ParkedAccess = {
  reader: Pick<RangeReader, 'read'>
  topics: { parked: { topic: string; decode: Decode<PendingDelivery> } }
}

/** Reads ranges of webhook-parked for the engine. Records that cannot be decoded become dead letters. */
export function readParkedWith(
  { reader, topics: { parked } }: ParkedAccess,
  unreadable: Pick<UnreadableRecords, 'add'>,
  fail: (error: unknown) => void,
): EnginePorts['readParked'] {
  const { topic, decode } = parked
  return (partition, fromOffset, toOffset, onRecord, done) => {
    const decoder = new OrderedDecoder(decode)
    let goesOn = true
    const take = (record: ConsumedRecord) => {
      const { offset, value } = record
      const apply = (pending: PendingDelivery) => {
        goesOn &&= onRecord(offset, pending)
      }
      if (value) decoder.push(value, apply, (reason) => unreadable.add(record, reason))
      return goesOn
    }
    reader
      .read(topic, partition, fromOffset, toOffset, take, { isThere: true })
      .then(() => decoder.done())
      .then(done)
      .catch(fail)
  }
}
