import { initProducerIdV4 } from '@platformatic/kafka'
import type { ProducerCluster } from '../wire/cluster.ts'
import { faultOfCode, takeResponse } from '../wire/kafka-fault.ts'
import type { ProducerIdentity } from '../wire/produce-protocol.ts'

/** A new producer id from Kafka. @throws KafkaFault. */
export async function requestIdentity(cluster: Pick<ProducerCluster, 'askAny'>): Promise<ProducerIdentity> {
  const { errorCode, producerId, producerEpoch } = await cluster.askAny((connection) => {
    const asked = initProducerIdV4.api.async(connection, null, 0)
    return asked.catch(takeResponse<Awaited<typeof asked>>)
  })
  if (errorCode !== 0) throw faultOfCode(errorCode, 'producer id')
  return { id: producerId, epoch: producerEpoch }
}
