import got from 'got'
import { inject } from 'vitest'
import { subjectOfEvent } from '../../deploy/receiver/notification.ts'
import type { MessageEvent } from '../../services/domain/event/event.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import type { FaultyStack } from './faulty-stack.ts'
import { messageOf } from './load.ts'
import { openCodec, openKafka, openProducer, readValues } from './topic-reader.ts'

/**
 * Publishes an event as a bot runtime one version ahead does: its schema is compatible, but requested for the first
 * time. An event of the first channel must be in the topic already.
 * @param name of the field that the version adds: letters.
 * @returns what to look for among the notifications (subjectOfNotification).
 */
export async function publishByNewerSchema(world: FaultyStack, name: string): Promise<string> {
  const registry = inject('schemaRegistryUrl')
  const kafka = openKafka(inject('brokers'))
  const topic = `${world.stack.topicPrefix}${topics.messageEvents.name}`
  const codec = openCodec(registry)
  const current = readSchema(topics.messageEvents) as { fields: object[] }
  const added = { name: `addedFor${name}`, type: ['null', 'string'], default: null }
  const next = { ...current, fields: [...current.fields, added] }
  await got.post(`${registry}/subjects/${topic}-value/versions`, { json: { schema: JSON.stringify(next) } })
  const encode = await codec.encoder<object>(`${topic}-value`, next)
  const events = await readValues(kafka, topic, codec.decoder<MessageEvent>(current))
  const known = events.find(({ decoded }) => decoded.chatChannelId === world.channels[0])
  if (!known) throw new Error('no event to make another of')
  const like = messageOf({ channel: world.channels[0] ?? '', contactId: `unknown-${name}` }, 0, world.businessId)
  const subject = subjectOfEvent(like)
  const messages = known.decoded.messages.map((message) => ({ ...message, id: subject.replace('message ', '') }))
  const contactId = `unknown-${name}`
  const event = { ...known.decoded, eventId: like.eventId, contactId, messages, [added.name]: null }
  await using producer = await openProducer(kafka)
  await producer.send({ topic, key: `${event.chatChannelId}:${contactId}`, value: encode(event) })
  return subject
}
