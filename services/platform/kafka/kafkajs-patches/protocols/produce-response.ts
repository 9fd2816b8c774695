import { createRequire } from 'node:module'
import type { SendFault, TrackedMessage } from '../send-messages.ts'

const require = createRequire(import.meta.url)
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => SendFault
}

export type PartitionData = { partition: number; messages: TrackedMessage[] }
export type TopicData = { topic: string; partitions: PartitionData[] }
export type ProduceResponse = {
  topics: { topicName: string; partitions: { partition: number; errorCode: number; baseOffset: string }[] }[]
}

const unknownServerError = -1

/** Sets each message's offset or fault. */
export function noteResults(topicData: TopicData[], response: ProduceResponse): void {
  const results = new Map(
    response.topics.flatMap(({ topicName, partitions }) =>
      partitions.map((result) => [`${topicName}/${result.partition}`, result]),
    ),
  )
  for (const { topic, partitions } of topicData)
    for (const { partition, messages } of partitions) {
      const result = results.get(`${topic}/${partition}`)
      if (result?.errorCode === 0) {
        noteOffsets(messages, Number(result.baseOffset))
        continue
      }
      const fault = faultFromCode(result?.errorCode ?? unknownServerError)
      for (const message of messages) message.fault = fault
    }
}

export function faultFromCode(code: number): SendFault {
  return createErrorFromCode(code)
}

type Parser = { parse(data: ProduceResponse): Promise<ProduceResponse> }

/**
 * Attaches the response to the error. kafkajs' parser throws at the first error in a produce response, which says more
 * than the error.
 */
export function withResponse(parser: Parser): Parser {
  const parse = async (data: ProduceResponse) => {
    try {
      return await parser.parse(data)
    } catch (error) {
      throw Object.assign(error as Error, { response: data })
    }
  }
  return { ...parser, parse }
}

/** @throws an error that has no response. */
export function takeResponse(error: Error & { response?: ProduceResponse }): ProduceResponse {
  if (error.response) return error.response
  throw error
}

function noteOffsets(messages: TrackedMessage[], baseOffset: number): void {
  let offset = baseOffset
  for (const message of messages) message.offset = offset++
}
