import { expect, test } from 'vitest'
import { isAvro, subjectName, topicName } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { readDocument, sectionOf } from '../support/documents.ts'

const all: Topic[] = Object.values(topics)

test('every topic that no other system writes has a name that begins with webhook-', () => {
  const inputs = all.filter(({ writers }) => writers.includes('bot runtime') || writers.includes('operators'))
  const own = all.filter((topic) => !inputs.includes(topic))
  expect(inputs.length).toBeGreaterThan(0)
  for (const { name } of own) expect(name).toMatch(/^webhook-/)
})

test('the topics with JSON values are those that contract.md names', () => {
  const section = sectionOf(readDocument('docs/reference/contract.md'), '## 4. Topics and records')
  const [, first, second] = /values of `(\S+)` and\s+`(\S+)` are plain JSON/.exec(section) ?? []
  expect(all.filter((topic) => !isAvro(topic)).map(({ name }) => name)).toEqual([first, second])
})

test("the prefix precedes the topic's name, and therefore its subject's", () => {
  expect(topicName(topics.messageEvents, 'test.')).toBe('test.message-events')
  expect(subjectName(topics.messageEvents, 'test.')).toBe('test.message-events-value')
  expect(subjectName(topics.messageEvents, '')).toBe('message-events-value')
})
