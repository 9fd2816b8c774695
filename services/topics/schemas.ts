import { readFileSync } from 'node:fs'
import type { Codec } from '../platform/avro/codec.ts'
import type { Topic } from './map.ts'

/** The schema of a topic's values, from schemas/: Avro for .avsc, JSON Schema for .json. */
export function schemaOf(topic: Topic): object {
  return JSON.parse(readFileSync(new URL(`../../schemas/${topic.schema}`, import.meta.url), 'utf8')) as object
}

export function isAvro(topic: Topic): boolean {
  return topic.schema.endsWith('.avsc')
}

/** A topic's name as it is in Kafka. @param prefix HOOKLINE_TOPIC_PREFIX */
export function topicName(topic: Topic, prefix: string): string {
  return prefix + topic.name
}

/** Subject of a topic's values in the registry (contract.md, section 4). */
export function subjectOf(topic: Topic, prefix: string): string {
  return `${topicName(topic, prefix)}-value`
}

/**
 * Waits until the topics' schemas are registered; their records are then read without asking the registry. For topics that
 * a service only reads: the schema of an encoder is known anyway.
 */
export async function learnSchemas(
  codec: Pick<Codec, 'learn'>,
  topics: Iterable<Topic>,
  prefix: string,
): Promise<void> {
  await Promise.all([...topics].filter(isAvro).map((topic) => codec.learn(subjectOf(topic, prefix), schemaOf(topic))))
}
