import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { EnginePorts } from '../engine/ports.ts'

/** Reads parts of webhook-parked for the engine. @param unreadable called with each record that cannot be decoded. */
export function drainParked(
  reader: Pick<RangeReader, 'read'>,
  { topic, decode }: { topic: string; decode: Decode<PendingDelivery> },
  unreadable: (record: ConsumedRecord, reason: string) => void,
  fail: (error: unknown) => void,
): EnginePorts['readParked'] {
  return (partition, fromOffset, toOffset, onRecord, done) => {
    const decoder = new OrderedDecoder(decode)
    let goesOn = true
    const take = (record: ConsumedRecord) => {
      const { offset, value } = record
      const apply = (pending: PendingDelivery) => {
        goesOn &&= onRecord(offset, pending)
      }
      if (value) decoder.push(value, apply, (reason) => unreadable(record, reason))
      return goesOn
    }
    reader
      .read(topic, partition, fromOffset, toOffset, take, { isThere: true })
      .then(() => decoder.done())
      .then(done)
      .catch(fail)
  }
}
