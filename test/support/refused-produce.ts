/** A partition of a produce request, and the error that answers it. */
export type RefusedPartition = { topic: string; partition: number; code: number }

type Topic = { name: string; partitions: { partition: number; records: Buffer }[] }

/** Length, key, version and correlation id of a request. */
const headBytes = 12
const resultBytes = 30

/**
 * Removes topics with an error code from a Produce request (versions 3 to 8).
 * @param frame a request, including its length. @returns rest: null if nothing is left
 */
export function withoutRefused(
  frame: Buffer,
  codeOf: (topic: string) => number | null,
): { rest: Buffer | null; refused: RefusedPartition[] } {
  const { topicsAt, topics } = readRequest(frame)
  const refused = topics.flatMap(({ name, partitions }) => {
    const code = codeOf(name)
    return code === null ? [] : partitions.map(({ partition }) => ({ topic: name, partition, code }))
  })
  if (refused.length === 0) return { rest: frame, refused }
  const left = topics.filter(({ name }) => codeOf(name) === null)
  if (left.length === 0) return { rest: null, refused }
  const rest = Buffer.concat([frame.subarray(0, topicsAt), writeTopics(left)])
  rest.writeInt32BE(rest.length - 4, 0)
  return { rest, refused }
}

/** A Produce response (versions 5 to 7) with errors only. */
export function answerOf(correlationId: number, refused: RefusedPartition[]): Buffer {
  const head = Buffer.alloc(12)
  head.writeInt32BE(correlationId, 4)
  head.writeInt32BE(refused.length, 8)
  const answer = Buffer.concat([head, ...refused.map(writeResult), Buffer.alloc(4)])
  answer.writeInt32BE(answer.length - 4, 0)
  return answer
}

/** The broker's response to the rest of a request, with the refused topics added. */
export function withRefused(frame: Buffer, refused: RefusedPartition[]): Buffer {
  const throttleAt = frame.length - 4
  const answer = Buffer.concat([frame.subarray(0, throttleAt), ...refused.map(writeResult), frame.subarray(throttleAt)])
  answer.writeInt32BE(answer.readInt32BE(8) + refused.length, 8)
  answer.writeInt32BE(answer.length - 4, 0)
  return answer
}

function readRequest(frame: Buffer): { topicsAt: number; topics: Topic[] } {
  let at = headBytes
  const skipString = () => {
    at += 2 + Math.max(0, frame.readInt16BE(at))
  }
  // Client id, transactional id; acks and timeout.
  skipString()
  skipString()
  at += 6
  const topicsAt = at
  const count = frame.readInt32BE(at)
  at += 4
  const topics: Topic[] = []
  for (let topic = 0; topic < count; topic++) {
    const nameBytes = frame.readInt16BE(at)
    const name = frame.toString('utf8', at + 2, at + 2 + nameBytes)
    at += 2 + nameBytes
    const partitions: Topic['partitions'] = []
    const partitionCount = frame.readInt32BE(at)
    at += 4
    for (let index = 0; index < partitionCount; index++) {
      const partition = frame.readInt32BE(at)
      const bytes = frame.readInt32BE(at + 4)
      partitions.push({ partition, records: frame.subarray(at + 8, at + 8 + bytes) })
      at += 8 + bytes
    }
    topics.push({ name, partitions })
  }
  return { topicsAt, topics }
}

function writeTopics(topics: Topic[]): Buffer {
  const parts = [int32(topics.length)]
  for (const { name, partitions } of topics) {
    parts.push(text(name), int32(partitions.length))
    for (const { partition, records } of partitions) parts.push(int32(partition), int32(records.length), records)
  }
  return Buffer.concat(parts)
}

/** One topic with one partition; a topic may occur in a response more than once. */
function writeResult({ topic, partition, code }: RefusedPartition): Buffer {
  const result = Buffer.alloc(resultBytes + 4, 0xff)
  result.writeInt32BE(1, 0)
  result.writeInt32BE(partition, 4)
  result.writeInt16BE(code, 8)
  return Buffer.concat([text(topic), result])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(2 + Buffer.byteLength(value))
  bytes.writeInt16BE(bytes.length - 2)
  bytes.write(value, 2)
  return bytes
}
