import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import type avsc from 'avsc'
import { avroType } from './avro.ts'
import { retryUntilDone, type WaitContext } from './retry-until.ts'

/** A decoded value, or why the bytes cannot be read: a value with a destination (dead letters), not an exception. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: string }

export type Encode<T> = (value: T) => Buffer

export type Decode<T> = (bytes: Buffer) => Decoded<T> | Promise<Decoded<T>>

export type RegistryConfig = {
  SCHEMA_REGISTRY_URL: string
  SCHEMA_REGISTRY_USERNAME: string
  SCHEMA_REGISTRY_PASSWORD: string
}

const headerBytes = 5
/** Values up to this size are written in place and copied out once: 1 us less than into a Buffer of their own. */
const scratchBytes = 4_096
const registryTimeoutMs = 10_000

export function createRegistry(config: RegistryConfig): SchemaRegistry {
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = config
  return new SchemaRegistry({
    host: config.SCHEMA_REGISTRY_URL.replace(/\/$/, ''),
    clientId: 'hookline',
    retry: { retries: 0 },
    ...(username === '' ? {} : { auth: { username, password } }),
  })
}

/**
 * Avro in Confluent wire format (magic byte 0, four bytes of schema id, the value). Encoding and the decoding of known
 * schema ids are synchronous and go through avsc alone: 2 us a record against 4 us by the registry client (design.md).
 */
export class Codec {
  readonly #registry: SchemaRegistry
  readonly #context: WaitContext

  constructor(registry: SchemaRegistry, context: WaitContext) {
    this.#registry = registry
    this.#context = context
  }

  /** Waits until the schema is registered under the subject (npm run topics -- apply does that). */
  async encoder<T>(subject: string, schema: object): Promise<Encode<T>> {
    const type = avroType(schema)
    const text = { type: 'AVRO', schema: JSON.stringify(schema) } as never
    const id = await retryUntilDone(`schema of ${subject} (npm run topics -- apply registers it)`, this.#context, () =>
      withTimeout(this.#registry.getRegistryIdBySchema(subject, text)),
    )
    const scratch = Buffer.alloc(scratchBytes)
    scratch.writeUInt32BE(id, 1)
    return (value) => {
      const end = type.encode(value, scratch, headerBytes)
      if (end > 0) return Buffer.from(scratch.subarray(0, end))
      return Buffer.concat([scratch.subarray(0, headerBytes), type.toBuffer(value)])
    }
  }

  /**
   * Reads any writer's schema into this one. A schema id that is not known yet is asked for: while the registry does not
   * answer, the promise waits (nothing is called unreadable for it); an id that the registry does not have is unreadable.
   */
  decoder<T>(schema: object): Decode<T> {
    const reader = avroType(schema)
    const resolvers = new Map<number, avsc.Resolver | 'same'>()
    const read = (bytes: Buffer, resolver: avsc.Resolver | 'same'): Decoded<T> => {
      try {
        const payload = bytes.subarray(headerBytes)
        return { ok: true, value: reader.fromBuffer(payload, resolver === 'same' ? undefined : resolver) as T }
      } catch (error) {
        return { ok: false, reason: `not readable by its schema: ${messageOf(error)}` }
      }
    }
    const learn = async (bytes: Buffer, id: number): Promise<Decoded<T>> => {
      const found = await this.#find(id)
      if (!found.ok) return found
      try {
        const resolver = found.value.equals(reader) ? 'same' : reader.createResolver(found.value)
        resolvers.set(id, resolver)
        return read(bytes, resolver)
      } catch (error) {
        return { ok: false, reason: `schema ${id} does not fit: ${messageOf(error)}` }
      }
    }
    return (bytes) => {
      if (bytes.length < headerBytes) return { ok: false, reason: `only ${bytes.length} bytes: no schema id` }
      if (bytes[0] !== 0) return { ok: false, reason: `magic byte ${bytes[0]} instead of 0` }
      const id = bytes.readUInt32BE(1)
      const resolver = resolvers.get(id)
      return resolver === undefined ? learn(bytes, id) : read(bytes, resolver)
    }
  }

  async #find(id: number): Promise<Decoded<avsc.Type>> {
    return retryUntilDone<Decoded<avsc.Type>>('schema registry', this.#context, async () => {
      try {
        const found = (await withTimeout(this.#registry.getSchema(id))) as unknown as avsc.Type
        return { ok: true, value: avroType(found.schema({ exportAttrs: true }) as object) }
      } catch (error) {
        const status = (error as { status?: number }).status
        if (status === 404) return { ok: false, reason: `unknown schema id ${id}` }
        if (status === undefined && !isUnreachable(error))
          return { ok: false, reason: `schema ${id}: ${messageOf(error)}` }
        throw error
      }
    })
  }
}

/** The registry client knows no timeout of its own. */
async function withTimeout<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RegistryTimeout(`no answer within ${registryTimeoutMs} ms`)), registryTimeoutMs)
  })
  return Promise.race([call, timeout]).finally(() => clearTimeout(timer))
}

class RegistryTimeout extends Error {
  override name = 'RegistryTimeout'
}

function isUnreachable(error: unknown): boolean {
  return error instanceof RegistryTimeout || (error as { name?: string }).name === 'ResponseError'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
