import type avsc from 'avsc'
import type { WaitContext } from '../runtime/retry-until.ts'
import { avroType, createResolver } from './avro.ts'
import { createRegistry, type Registry, type RegistryConfig } from './registry.ts'
import { type KnownSchema, SchemaLookup } from './schema-lookup.ts'

export { createRegistry, type RegistryConfig }

/**
 * A decoded value, or the reason why the bytes cannot be read. The reason is a value, not an exception, because such a
 * record has a destination: the dead letters.
 */
export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string }

export type Encode<T> = (value: T) => Buffer

/**
 * Returns a promise only if the registry must be asked. It rejects only when stopping begins.
 * @param ahead records that will be decoded next; their schemas are requested together with this one's.
 */
export type Decode<T> = (bytes: Buffer, ahead?: Ahead) => Decoded<T> | Promise<Decoded<T>>

type Ahead = Iterable<{ value: Buffer | null }>

/** A decoder whose values are read on: to another value, or to the reason why they are none. */
export function mapDecode<A, B>(decode: Decode<A>, read: (value: A) => Decoded<B>): Decode<B> {
  const finish = (decoded: Decoded<A>): Decoded<B> => (decoded.ok ? read(decoded.value) : decoded)
  return (bytes, ahead) => {
    const decoded = decode(bytes, ahead)
    return decoded instanceof Promise ? decoded.then(finish) : finish(decoded)
  }
}

const headerBytes = 5
/** Values up to this size are encoded in place and copied out once, 1 us faster than encoding into a Buffer of their own. */
const scratchBytes = 4_096
/** Maximum writers' schemas for which a decoder keeps a resolver. */
const maxReadings = 200

/** How a writer's records are read: like our own, with a resolver, or not at all. */
type Reading = 'same' | avsc.Resolver | { misfit: string }

/**
 * Avro in the Confluent wire format: magic byte 0, four bytes of schema id, the value. Encoding, and decoding with
 * known schema ids, is synchronous and uses avsc alone: 2 us a record against 4 us with the registry client
 * (docs/measurements/first-choices.md).
 */
export class Codec {
  readonly #schemas: SchemaLookup

  constructor(registry: Registry, context: WaitContext) {
    this.#schemas = new SchemaLookup(registry, context)
  }

  /**
   * Waits until the schema is registered under the subject (npm run topics -- apply registers it). Decoders know the
   * schema from then on.
   */
  async encoder<T>(subject: string, schema: object): Promise<Encode<T>> {
    const type = avroType(schema)
    const id = await this.#schemas.learn(subject, schema)
    const scratch = Buffer.alloc(scratchBytes)
    scratch.writeUInt32BE(id, 1)
    return (value) => {
      const end = type.encode(value, scratch, headerBytes)
      if (end > 0) return Buffer.from(scratch.subarray(0, end))
      return Buffer.concat([scratch.subarray(0, headerBytes), type.toBuffer(value)])
    }
  }

  /**
   * Waits until the schema is registered under the subject, so that its records are read without asking. If the
   * registry goes away later, or a proxy answers in its place, only records written with other schemas are affected.
   */
  async learn(subject: string, schema: object): Promise<void> {
    await this.#schemas.learn(subject, schema)
  }

  /**
   * Decodes records of any writer's schema to this one. An unknown schema id is looked up in the registry. While the
   * registry does not answer, the promise waits and no record is called unreadable; an id that the registry does not
   * have is unreadable.
   */
  decoder<T>(schema: object): Decode<T> {
    const reader = avroType(schema)
    const schemas = this.#schemas
    const readings = new Map<number, Reading>()
    const read = (bytes: Buffer, reading: Reading): Decoded<T> => {
      if (typeof reading === 'object' && 'misfit' in reading) return { ok: false, reason: reading.misfit }
      try {
        const payload = bytes.subarray(headerBytes)
        return { ok: true, value: reader.fromBuffer(payload, reading === 'same' ? undefined : reading) as T }
      } catch (error) {
        return { ok: false, reason: `not readable by its schema: ${messageOf(error)}` }
      }
    }
    const readFirst = (bytes: Buffer, id: number, known: KnownSchema): Decoded<T> => {
      if (!known.ok) return known
      const reading = chooseReading(reader, known.type, id)
      if (readings.size >= maxReadings) readings.clear()
      readings.set(id, reading)
      return read(bytes, reading)
    }
    return (bytes, ahead) => {
      if (bytes.length < headerBytes) return { ok: false, reason: `only ${bytes.length} bytes: no schema id` }
      if (bytes[0] !== 0) return { ok: false, reason: `magic byte ${bytes[0]} instead of 0` }
      const id = bytes.readInt32BE(1)
      const reading = readings.get(id)
      if (reading !== undefined) return read(bytes, reading)
      const known = schemas.known(id)
      if (known) return readFirst(bytes, id, known)
      const found = schemas.find(id)
      if (ahead) schemas.askAhead(schemaIds(ahead))
      return found.then((answer) => readFirst(bytes, id, answer))
    }
  }
}

function chooseReading(reader: avsc.Type, writer: avsc.Type, id: number): Reading {
  try {
    return createResolver(reader, writer) ?? 'same'
  } catch (error) {
    return { misfit: `schema ${id} does not fit: ${messageOf(error)}` }
  }
}

function* schemaIds(records: Ahead): Iterable<number> {
  for (const { value } of records)
    if (value && value.length >= headerBytes && value[0] === 0) yield value.readInt32BE(1)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
