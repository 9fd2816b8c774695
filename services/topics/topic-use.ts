import { topicName } from './schemas.ts'
import { type Service, type Topic, topics } from './topic-map.ts'

/**
 * The topics as one service uses them. Every topic is opened by asking the map (topics/topic-map.ts). A reader or writer
 * missing there fails at the service's first start, so everything generated from the map, such as ACLs, is complete.
 */
export class TopicUse {
  readonly service: Service
  readonly prefix: string

  /** @param prefix HOOKLINE_TOPIC_PREFIX. */
  constructor(service: Service, prefix: string) {
    this.service = service
    this.prefix = prefix
  }

  /** @returns the topic's name in Kafka. @throws Error when the map does not list the service among its readers. */
  read(topic: Topic): string {
    return this.#name(topic, topic.readers, 'readers')
  }

  /** @returns the topic's name in Kafka. @throws Error when the map does not list the service among its writers. */
  write(topic: Topic): string {
    return this.#name(topic, topic.writers, 'writers')
  }

  /** Names in Kafka of all topics that the service may write. */
  allWritten(): string[] {
    const written = Object.values<Topic>(topics).filter(({ writers }) => writers.includes(this.service))
    return written.map((topic) => this.write(topic))
  }

  /** @returns the registry's subject of the topic's values, for writers of the topic (contract.md, section 4). */
  subject(topic: Topic): string {
    return `${this.write(topic)}-value`
  }

  #name(topic: Topic, services: readonly Service[], role: string): string {
    if (!services.includes(this.service))
      throw new Error(`${this.service} is not among the ${role} of ${topic.name} in services/topics/topic-map.ts`)
    return topicName(topic, this.prefix)
  }
}
