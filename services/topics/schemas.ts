import { readFileSync } from 'node:fs'
import type { Codec } from '../platform/avro/codec.ts'
import { packagePath } from '../platform/package-files.ts'
import type { Topic } from './topic-map.ts'

/** By file name. One object for each schema, so that what is compiled from it is compiled once. */
const schemas = new Map<string, object>()

/** The schema of a topic's values, from schemas/: Avro for .avsc, JSON Schema for .json. It must not be changed. */
export function readSchema({ schema: file }: Topic): object {
  const known = schemas.get(file)
  if (known) return known
  const read = JSON.parse(readFileSync(packagePath(`schemas/${file}`), 'utf8')) as object
  schemas.set(file, read)
  return read
}

export function isAvro(topic: Topic): boolean {
  return topic.schema.endsWith('.avsc')
}

/** A topic's name in Kafka. @param prefix HOOKLINE_TOPIC_PREFIX. */
export function topicName(topic: Topic, prefix: string): string {
  return prefix + topic.name
}

/** The registry's subject of a topic's values (contract.md, section 4). */
export function subjectName(topic: Topic, prefix: string): string {
  return `${topicName(topic, prefix)}-value`
}

/**
 * Waits until the topics' schemas are registered, so that their records are read without asking the registry. Only
 * needed for topics that a service just reads: an encoder's schema is known anyway.
 */
export async function learnSchemas(
  codec: Pick<Codec, 'learn'>,
  topics: Iterable<Topic>,
  prefix: string,
): Promise<void> {
  await Promise.all(
    [...topics].filter(isAvro).map((topic) => codec.learn(subjectName(topic, prefix), readSchema(topic))),
  )
}
