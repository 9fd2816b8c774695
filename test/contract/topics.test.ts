import { expect, test } from 'vitest'
import { type Topic, topics } from '../../services/topics/map.ts'
import { isAvro, subjectOf, topicName } from '../../services/topics/schemas.ts'

// contract.md, section 4: the table, row by row. The map names further readers and writers: each service is held to it when it opens a topic.
const contract = [
  ['message-events', '<chatChannelId>:<contactId>', 'bot runtime, producer', 'formatter, analytics', 'delete, 7 d'],
  ['status-events', '<chatChannelId>:<contactId>', 'bot runtime, producer', 'formatter, analytics', 'delete, 7 d'],
  ['webhook-config', 'webhook id', 'admin, operators', 'formatter, dispatcher, admin', 'compact'],
  ['account-config', 'business id', 'admin, operators', 'formatter, admin', 'compact'],
  ['webhook-deliveries', 'webhook id', 'formatter', 'dispatcher, analytics', 'delete, 7 d'],
  ['webhook-attempts', 'webhook id', 'dispatcher', 'stats-aggregator, analytics', 'delete, 14 d'],
  ['webhook-stats', 'webhook id', 'stats-aggregator', 'admin, analytics', 'compact'],
  ['webhook-dead-letters', 'webhook id', 'dispatcher', 'operators, replay', 'delete, 14 d'],
] as const

const all: Topic[] = Object.values(topics)

test.each(contract)("the contract's row of topic %s equals the map", (name, key, writers, readers, cleanup) => {
  const topic = all.find((each) => each.name === name)
  if (!topic) throw new Error('the topic is missing')
  const { policy } = topic.cleanup
  expect(topic.key.split(';')[0]).toBe(key)
  expect(topic.writers).toEqual(expect.arrayContaining(writers.split(', ')))
  expect(topic.readers).toEqual(expect.arrayContaining(readers.split(', ').filter((reader) => reader !== 'replay')))
  expect(policy === 'delete' ? `delete, ${topic.cleanup.retentionDays} d` : policy).toBe(cleanup)
})

test("every topic of the system's own has a name that begins with webhook-", () => {
  const own = all.filter(({ name }) => !contract.some(([named]) => named === name))
  for (const { name } of own) expect(name).toMatch(/^webhook-/)
})

test('the two configuration topics are plain JSON, and all other topics are Avro', () => {
  const json = all.filter((topic) => contract.some(([name]) => name === topic.name) && !isAvro(topic))
  expect(json.map(({ name }) => name)).toEqual(['webhook-config', 'account-config'])
})

test("the prefix precedes the topic's name, and therefore its subject's", () => {
  expect(topicName(topics.messageEvents, 'test.')).toBe('test.message-events')
  expect(subjectOf(topics.messageEvents, 'test.')).toBe('test.message-events-value')
  expect(subjectOf(topics.messageEvents, '')).toBe('message-events-value')
})
