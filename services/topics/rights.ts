import { drained, movedTopics, retryTopics } from './move/moved-topics.ts'
import { type Service, type Topic, topics } from './topic-map.ts'

/** Programs of this repository that use Kafka; each can have its own principal. */
export const programs = [
  'producer',
  'formatter',
  'dispatcher',
  'stats-aggregator',
  'admin',
  'topics',
  'topics-migrate',
  'stats-rebuild',
  'tail',
] as const
export type Program = (typeof programs)[number]

/** An operation of Kafka's AclOperation. */
type Operation = 'Read' | 'Write' | 'Describe' | 'Create' | 'AlterConfigs' | 'DescribeConfigs'

/**
 * Operations that a principal may do with a topic or group, or with all whose names have a prefix. Read and Write
 * include Describe.
 */
export type Right = {
  resource: 'topic' | 'group'
  /** Name with the prefix. */
  name: string
  pattern: 'literal' | 'prefixed'
  operations: Operation[]
}

const allTopics: Topic[] = Object.values(topics)

/** The rights that a program needs, and no others, from the map of topics. @param prefix HOOKLINE_TOPIC_PREFIX. */
export function listRights(program: Program, prefix: string): Right[] {
  const onGroup = (name: string, pattern: Right['pattern'], operations: Operation[]): Right => ({
    resource: 'group',
    name: prefix + name,
    pattern,
    operations,
  })
  const onTopic = (topic: Topic, ...operations: Operation[]): Right => ({
    resource: 'topic',
    name: prefix + topic.name,
    // Generations of the statistics have their own topics, such as webhook-stats-2.
    pattern: topic === topics.webhookStats ? 'prefixed' : 'literal',
    operations,
  })
  switch (program) {
    case 'producer':
      return ofMap(program, onTopic)
    case 'formatter':
    case 'dispatcher':
      return [...ofMap(program, onTopic), onGroup(program, 'literal', ['Read'])]
    case 'stats-aggregator':
      // Generations of the statistics have their own groups, such as stats-aggregator-2.
      return [...ofMap(program, onTopic), onGroup(program, 'prefixed', ['Read'])]
    case 'admin':
      // Admin counts waiting notifications by the dispatcher's commits, and tells by the formatter's which events wait.
      return [
        ...ofMap(program, onTopic),
        onGroup('admin', 'prefixed', ['Read']),
        onGroup('dispatcher', 'literal', ['Describe']),
        onGroup('formatter', 'literal', ['Describe']),
      ]
    case 'topics':
      return allTopics.map((topic) => onTopic(topic, 'Describe', 'DescribeConfigs', 'Create', 'AlterConfigs'))
    case 'topics-migrate':
      return [
        ...movedTopics.map((topic) => onTopic(topic, 'Read', 'Write')),
        onTopic(topics.webhookHealth, 'Read'),
        ...drained.flatMap(([, read]) =>
          read.filter((topic) => !movedTopics.includes(topic)).map((topic) => onTopic(topic, 'Describe')),
        ),
        ...retryTopics.map((topic) => onTopic(topic, 'Describe')),
        ...drained.map(([group]) => onGroup(group, 'literal', ['Describe'])),
      ]
    case 'stats-rebuild': {
      const rights = ofMap('stats-aggregator', onTopic)
      const stats = onTopic(topics.webhookStats, 'Create', 'DescribeConfigs', 'AlterConfigs')
      return [...rights, stats, onGroup('stats-aggregator', 'prefixed', ['Read'])]
    }
    case 'tail':
      return allTopics.map((topic) => onTopic(topic, 'Read'))
  }
}

function ofMap(service: Service, onTopic: (topic: Topic, ...operations: Operation[]) => Right): Right[] {
  return allTopics.flatMap((topic) => {
    const operations: Operation[] = []
    if (topic.readers.includes(service)) operations.push('Read')
    if (topic.writers.includes(service)) operations.push('Write')
    return operations.length === 0 ? [] : [onTopic(topic, ...operations)]
  })
}
