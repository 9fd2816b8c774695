import type { PendingDelivery } from '../domain/delivery.ts'
import type { Decode } from '../platform/codec.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import type { RangeReader } from '../platform/kafka/range-reader.ts'
import { OrderedDecoder } from '../platform/ordered-decoder.ts'
import type { EnginePorts } from './ports.ts'

/** Reads parts of webhook-parked for the engine. */
export function drainParked(
  reader: Pick<RangeReader, 'read'>,
  { topic, decode }: { topic: string; decode: Decode<PendingDelivery> },
  fail: (error: unknown) => void,
): EnginePorts['readParked'] {
  return (partition, fromOffset, toOffset, onRecord, done) => {
    const decoder = new OrderedDecoder(decode)
    let goesOn = true
    const take = ({ offset, value }: Pick<ConsumedRecord, 'offset' | 'value'>) => {
      const apply = (pending: PendingDelivery) => {
        goesOn &&= onRecord(offset, pending)
      }
      if (value) decoder.push(value, apply)
      return goesOn
    }
    reader
      .read(topic, partition, fromOffset, toOffset, take, { isThere: true })
      .then(() => decoder.done())
      .then(done)
      .catch(fail)
  }
}
