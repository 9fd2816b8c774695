import type { ProducedRecord, SendProduce } from '../wire/produce-protocol.ts'

export type OutgoingRecord = {
  topic: string
  key: string | Buffer | null
  value: Buffer | string | null
  /** By default the key's partition; any partition if key is null. */
  partition?: number
  headers?: Record<string, string>
  /** Whether the record waits while its topic may not be written, or is refused; 'wait' by default. */
  whileForbidden?: 'wait' | 'refuse'
  /**
   * Whether no smaller record is left to write instead. Then the record is never refused, and waits as long as Kafka
   * does not accept it.
   */
  isLast?: boolean
}

/** Offset of the record in its partition. */
export type Acknowledged = { offset: number }

export type ProducerOptions = {
  /** Topics that are written, by their names in Kafka; their write rights are checked from the start. */
  topics?: readonly string[]
  /**
   * Time that each batch waits for more records, like linger.ms of Kafka's own producer. For records that nobody waits
   * for: fewer and larger batches take less CPU, here and at the broker.
   */
  lingerMs?: number
  /** How requests are sent; for comparisons. */
  send?: SendProduce
}

const recordOverheadBytes = 100
/** Two lengths of at most five bytes. */
const headerOverheadBytes = 10

/**
 * Bytes of a record in memory and, as an upper limit, in a request.
 * @throws TypeError for a key, value or header that is neither a string nor a Buffer: it could never be encoded.
 */
export function bytesOf({ key, value, headers }: ProducedRecord): number {
  let bytes = recordOverheadBytes + lengthOf('key', key) + lengthOf('value', value)
  if (headers)
    for (const [name, text] of Object.entries(headers))
      bytes += headerOverheadBytes + Buffer.byteLength(name) + lengthOf('header', text)
  return bytes
}

function lengthOf(what: string, field: unknown): number {
  if (field === null || field === undefined) return 0
  if (typeof field === 'string' || Buffer.isBuffer(field)) return Buffer.byteLength(field)
  throw new TypeError(`the ${what} of a record is a string or a Buffer, not ${typeof field}`)
}
