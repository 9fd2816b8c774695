import { putUnsigned } from '../../services/platform/kafka/wire/record-fields.ts'

/** A partition of a produce request, and the error that answers it. */
export type RefusedPartition = { topic: string; partition: number; code: number }

type Topic = { name: string; partitions: { partition: number; records: Buffer }[] }

/** Version of the Produce requests that can be read: the one that BatchingProducer sends. */
const readableVersion = 9
/** Length, key, version and correlation id of a request. */
const headBytes = 12
/** Length, correlation id and tags of an answer, before its topics; throttle time and tags behind them. */
const answerHeadBytes = 9
const answerEndBytes = 5
const noTags = Buffer.of(0)

/**
 * Removes topics with an error code from a Produce request.
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
  return { rest: framed([frame.subarray(4, topicsAt), writeTopics(left), noTags]), refused }
}

/** A Produce answer with errors only. */
export function answerOf(correlationId: number, refused: RefusedPartition[]): Buffer {
  const topics = [lengthOf(refused.length), ...refused.map(writeResult)]
  return framed([int32(correlationId), noTags, ...topics, Buffer.alloc(answerEndBytes)])
}

/** The broker's answer to the rest of a request, with the refused topics added. */
export function withRefused(frame: Buffer, refused: RefusedPartition[]): Buffer {
  const { value: count, end: topicsAt } = readUnsigned(frame, answerHeadBytes)
  const endAt = frame.length - answerEndBytes
  return framed([
    frame.subarray(4, answerHeadBytes),
    lengthOf(count - 1 + refused.length),
    frame.subarray(topicsAt, endAt),
    ...refused.map(writeResult),
    frame.subarray(endAt),
  ])
}

/** @throws Error for a version with other fields. */
function readRequest(frame: Buffer): { topicsAt: number; topics: Topic[] } {
  const version = frame.readInt16BE(6)
  if (version !== readableVersion) throw new Error(`a Produce request of version ${version} cannot be read`)
  let at = headBytes
  const unsigned = () => {
    const { value, end } = readUnsigned(frame, at)
    at = end
    return value
  }
  /** A compact text, bytes or array begins with its length plus one, or with 0 if it is null. */
  const length = () => Math.max(0, unsigned() - 1)
  const bytes = () => {
    const count = length()
    at += count
    return frame.subarray(at - count, at)
  }
  const int32Value = () => {
    at += 4
    return frame.readInt32BE(at - 4)
  }
  // Client id, which is no compact text; tags; transactional id; acks and timeout.
  at += 2 + Math.max(0, frame.readInt16BE(at))
  unsigned()
  bytes()
  at += 6
  const topicsAt = at
  const topics = Array.from({ length: length() }, () => {
    const name = bytes().toString('utf8')
    const partitions = Array.from({ length: length() }, () => {
      const one = { partition: int32Value(), records: bytes() }
      unsigned()
      return one
    })
    unsigned()
    return { name, partitions }
  })
  return { topicsAt, topics }
}

function writeTopics(topics: Topic[]): Buffer {
  const parts = [lengthOf(topics.length)]
  for (const { name, partitions } of topics) {
    parts.push(text(name), lengthOf(partitions.length))
    for (const { partition, records } of partitions)
      parts.push(int32(partition), lengthOf(records.length), records, noTags)
    parts.push(noTags)
  }
  return Buffer.concat(parts)
}

/** One topic with one partition; a topic may occur in an answer more than once. */
function writeResult({ topic, partition, code }: RefusedPartition): Buffer {
  const error = Buffer.alloc(2)
  error.writeInt16BE(code)
  const [noOffset, noTime, noStart] = Array(3).fill(Buffer.alloc(8, 0xff))
  const [noRecordErrors, noMessage] = [lengthOf(0), Buffer.of(0)]
  const result = [int32(partition), error, noOffset, noTime, noStart, noRecordErrors, noMessage, noTags]
  return Buffer.concat([text(topic), lengthOf(1), ...result, noTags])
}

function framed(parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([lengthOf(bytes.length), bytes])
}

function lengthOf(count: number): Buffer {
  const bytes = Buffer.alloc(5)
  return bytes.subarray(0, putUnsigned(bytes, count + 1, 0))
}

function readUnsigned(frame: Buffer, start: number): { value: number; end: number } {
  let [value, at] = [0, start]
  for (let shift = 0; ; shift += 7) {
    const byte = frame.readUInt8(at++)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return { value, end: at }
  }
}
