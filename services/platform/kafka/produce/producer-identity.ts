import { initProducerIdV4 } from '@platformatic/kafka'
import type { Clock } from '../../runtime/clock.ts'
import { type ProducerCluster, takeResponse } from '../wire/cluster.ts'
import { faultOfCode } from '../wire/kafka-fault.ts'
import type { ProducerIdentity } from '../wire/produce-protocol.ts'

const pauseMs = 250

/** Waits while Kafka cannot give an id at the moment. @throws KafkaFault if no broker answers. */
export async function newIdentity(cluster: ProducerCluster, clock: Clock): Promise<ProducerIdentity> {
  for (;;) {
    const { errorCode, producerId, producerEpoch } = await cluster.askAny((connection) => {
      const asked = initProducerIdV4.api.async(connection, null, 0)
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    if (errorCode === 0) return { id: producerId, epoch: producerEpoch }
    const fault = faultOfCode(errorCode, 'producer id')
    if (fault.kind !== 'busy') throw fault
    await clock.sleep(pauseMs)
  }
}
