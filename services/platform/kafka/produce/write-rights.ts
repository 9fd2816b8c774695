import { metadataV12 } from '@platformatic/kafka'
import type { ProducerCluster } from '../wire/cluster.ts'
import { faultOfCode, type KafkaFault, takeResponse } from '../wire/kafka-fault.ts'

/** For each topic null if this client may write it, or the reason why not. */
export type WriteRights = Map<string, KafkaFault | null>

/** Kafka's AclOperation for Write as a bit, and the value for operations that the broker has not reported (KIP-430). */
const write = 1 << 4
const notReported = -2_147_483_648
const topicForbidden = 29

/** @throws KafkaFault if no broker answers. */
export async function readWriteRights(
  cluster: Pick<ProducerCluster, 'askAny'>,
  topics: readonly string[],
): Promise<WriteRights> {
  const answer = await cluster.askAny((connection) => {
    const asked = metadataV12.api.async(connection, [...topics], false, true)
    return asked.catch(takeResponse<Awaited<typeof asked>>)
  })
  return new Map(
    answer.topics.map(({ name, errorCode, topicAuthorizedOperations: operations }) => {
      const mayWrite = operations === notReported || (operations & write) !== 0
      const code = errorCode === 0 && !mayWrite ? topicForbidden : errorCode
      return [name ?? '', code === 0 ? null : faultOfCode(code, `topic ${name}`)]
    }),
  )
}
