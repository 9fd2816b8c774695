import { type Got, HTTPError } from 'got'
import { createRegistryClient, type RegistryConfig } from '../platform/avro/registry-client.ts'
import { isAvro, readSchema, subjectName } from './schemas.ts'
import { type Topic, topics } from './topic-map.ts'

const compatibility = 'FULL_TRANSITIVE'

/** Topics whose current schema is not registered under their subject. */
export async function unregistered(config: RegistryConfig, prefix: string): Promise<Topic[]> {
  const registry = registryClient(config)
  const missing: Topic[] = []
  for (const topic of Object.values(topics).filter(isAvro)) {
    const subject = encodeURIComponent(subjectName(topic, prefix))
    const json = { schema: JSON.stringify(readSchema(topic)) }
    const { statusCode } = await registry
      .post(`subjects/${subject}`, { json })
      .catch((error: unknown) => expectStatus(error, 404))
    if (statusCode === 404) missing.push(topic)
  }
  return missing
}

/** @throws the error, unless it is a response with that status. */
function expectStatus(error: unknown, status: number): { statusCode: number } {
  if (error instanceof HTTPError && error.response.statusCode === status) return error.response
  throw error
}

/**
 * Registers a schema. The subject's compatibility is set first, so that no version is accepted under another rule.
 * @throws when the registry refuses the schema.
 */
export async function register(config: RegistryConfig, subject: string, schema: object): Promise<void> {
  const registry = registryClient(config)
  await registry.put(`config/${encodeURIComponent(subject)}`, { json: { compatibility } })
  await registry.post(`subjects/${encodeURIComponent(subject)}/versions`, { json: { schema: JSON.stringify(schema) } })
}

/** All of its requests may be repeated. A request without a response is repeated after ten seconds. */
function registryClient(config: RegistryConfig): Got {
  return createRegistryClient(config).extend({
    retry: { limit: 2, methods: ['PUT', 'POST'] },
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
  })
}
