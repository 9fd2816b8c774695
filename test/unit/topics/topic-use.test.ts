import { expect, test } from 'vitest'
import { topics } from '../../../services/topics/topic-map.ts'
import { TopicUse } from '../../../services/topics/topic-use.ts'

const formatter = new TopicUse('formatter', 'p-')

test('a topic is opened by its name in Kafka, and its values by their subject', () => {
  expect(formatter.read(topics.messageEvents)).toBe('p-message-events')
  expect(formatter.write(topics.webhookDeliveries)).toBe('p-webhook-deliveries')
  expect(formatter.subject(topics.webhookDeliveries)).toBe('p-webhook-deliveries-value')
})

test('a service cannot open a topic whose row in the map does not name it', () => {
  expect(() => formatter.read(topics.webhookDeliveries)).toThrow(
    'formatter is not among the readers of webhook-deliveries',
  )
  expect(() => formatter.write(topics.messageEvents)).toThrow('formatter is not among the writers of message-events')
  expect(() => formatter.subject(topics.webhookStats)).toThrow('formatter is not among the writers of webhook-stats')
})
