import type { Service, Topic } from './map.ts'
import { topicName } from './schemas.ts'

/**
 * The topics as one service uses them: every topic is opened by asking the map (topics/map.ts), so that a reader or writer that is
 * missing there fails at the service's first start, and what is generated from the map, such as ACLs, is complete.
 */
export class TopicUse {
  readonly service: Service
  readonly prefix: string

  /** @param prefix HOOKLINE_TOPIC_PREFIX */
  constructor(service: Service, prefix: string) {
    this.service = service
    this.prefix = prefix
  }

  /** @returns the topic's name in Kafka. @throws Error when the map does not name the service among its readers. */
  read(topic: Topic): string {
    return this.#name(topic, topic.readers, 'readers')
  }

  /** @returns the topic's name in Kafka. @throws Error when the map does not name the service among its writers. */
  write(topic: Topic): string {
    return this.#name(topic, topic.writers, 'writers')
  }

  /** @returns the registry's subject of the topic's values, for who writes them (contract.md, section 4). */
  subject(topic: Topic): string {
    return `${this.write(topic)}-value`
  }

  #name(topic: Topic, services: readonly Service[], role: string): string {
    if (!services.includes(this.service))
      throw new Error(`${this.service} is not among the ${role} of ${topic.name} in services/topics/map.ts`)
    return topicName(topic, this.prefix)
  }
}
