import { isUtf8 } from 'node:buffer'
import avsc from 'avsc'
import { HTTPError } from 'got'
import { avroType } from '../../platform/avro/avro.ts'
import { createRegistryClient, type RegistryConfig } from '../../platform/avro/registry-client.ts'
import { exitCodes } from '../exit-codes.ts'
import { CliFailure } from '../failure.ts'

/** A value as plain JSON: times in ISO 8601; bytes as text if they are UTF-8, otherwise base64. */
export type DecodedValue = { value: unknown } | { unreadable: string; base64: string }

export type Decoder = (bytes: Buffer | null) => Promise<DecodedValue>

const headerBytes = 5

/**
 * The schema with that id; undefined if the registry does not have it. @throws CliFailure when the registry does not
 * answer.
 */
export type FindSchema = (id: number) => Promise<object | undefined>

/** Decodes each value with the schema that it was written with. A value without the magic byte is JSON or text. */
export function createDecoder(find: FindSchema): Decoder {
  const types = new Map<number, Promise<avsc.Type | undefined>>()
  const typeOf = (id: number) => {
    const known = types.get(id) ?? find(id).then((schema) => schema && avroType(schema, { logicalTypes }))
    types.set(id, known)
    return known
  }
  return async (bytes) => {
    if (bytes === null) return { value: null }
    if (bytes[0] !== 0) return { value: jsonOrText(bytes) }
    const unreadable = (why: string) => ({ unreadable: why, base64: bytes.toString('base64') })
    if (bytes.length < headerBytes) return unreadable(`only ${bytes.length} bytes: no schema id`)
    const id = bytes.readUInt32BE(1)
    const type = await typeOf(id)
    if (!type) return unreadable(`unknown schema id ${id}`)
    try {
      return { value: plain(type.fromBuffer(bytes.subarray(headerBytes))) }
    } catch (error) {
      return unreadable(`does not match its schema: ${error instanceof Error ? error.message : error}`)
    }
  }
}

export function registrySchemas(config: RegistryConfig): FindSchema {
  const { SCHEMA_REGISTRY_URL: url } = config
  const http = createRegistryClient(config).extend({ retry: { limit: 2 } })
  return async (id) => {
    try {
      // The registry's client would drop the logical types.
      const { schema } = await http(`schemas/ids/${id}`).json<{ schema: string }>()
      return JSON.parse(schema) as object
    } catch (error) {
      if (error instanceof HTTPError && error.response.statusCode === 404) return undefined
      const why = error instanceof Error ? error.message : String(error)
      throw new CliFailure(exitCodes.unreachable, `schema ${id} of the registry at ${url}: ${why}`)
    }
  }
}

class IsoTime extends avsc.types.LogicalType {
  protected override _fromValue(ms: number): string {
    return new Date(ms).toISOString()
  }
  protected override _toValue(text: string): number {
    return Date.parse(text)
  }
}

const logicalTypes = { 'timestamp-millis': IsoTime }

function jsonOrText(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // Not JSON, so shown as it is.
    return textOrBase64(bytes)
  }
}

export function textOrBase64(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : `base64:${bytes.toString('base64')}`
}

/** Converts avsc's classes and buffers to values that JSON and YAML can write. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return textOrBase64(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
}
