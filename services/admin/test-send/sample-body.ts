import type { EventName } from '../../domain/definition/definition-values.ts'
import type { Event, Message, MessageEvent, StatusEvent } from '../../domain/event/event.ts'
import { formatBody } from '../../domain/event/notification-body.ts'
import { notificationSchemas } from '../../domain/event/notification-schema.ts'
import { type SampleName, samples } from '../../domain/event/samples.ts'
import type { SampleBody, SampleCatalogue } from './sample-catalogue.ts'

export type SampleOptions = {
  name: SampleName
  /** Platform; that of the published sample if undefined. */
  chatPlatform: string | undefined
  chatChannelId: string
  businessId: string
  /** Precedes the ids of the messages, so that a receiver which skips known ones takes each test. */
  idPrefix: string
  nowMs: number
}

const { 'notification-message-1.1.schema.json': ofMessage, 'notification-status-1.1.schema.json': ofStatus } =
  notificationSchemas

/**
 * Body of a sample notification, version 1.1: a published sample with other ids, the present time and the wanted platform,
 * written by what formats all notifications.
 */
export function sampleBody(catalogue: SampleCatalogue, wish: SampleOptions): Buffer {
  const { file, wanted } = samples[wish.name]
  const source = catalogue.get(file)
  if (!source) throw new Error(`there is no sample ${file}`)
  const event = toEvent(source, wish.nowMs)
  Object.assign(event.event, samplePerson(catalogue, source, wish.chatPlatform ?? source.chatPlatform), {
    chatChannelId: wish.chatChannelId,
    businessId: wish.businessId,
  })
  if (event.type === 'status') event.event.messageId = wish.idPrefix + event.event.messageId
  else for (const message of event.event.messages) message.id = wish.idPrefix + message.id
  const body = formatBody(event, only(wanted))
  if (!body) throw new Error(`sample ${file} has nothing for ${wanted}`)
  return body
}

/** The event of a notification. Its times are moved so that it happens at nowMs. */
export function toEvent(body: SampleBody, nowMs: number): Event {
  if (body.type === 'status') {
    const status = { ...absent(ofStatus.properties), ...body, eventId: '', statusChangeTime: nowMs }
    return { type: 'status', event: status as unknown as StatusEvent }
  }
  const written = { ...absent(ofMessage.properties), variables: {}, ...body } as unknown as WrittenMessages
  const movedMs = nowMs - Date.parse(written.messages[0]?.date ?? written.sessionCreationTime)
  const move = (time: string) => Date.parse(time) + movedMs
  const messages = written.messages.map((message) => ({
    ...absent(ofMessage.properties.messages.items.properties),
    ...message,
    id: message._id_,
    date: move(message.date),
  })) as unknown as Message[]
  const customerCreationTime = move(written.customerCreationTime)
  const sessionCreationTime = move(written.sessionCreationTime)
  return { type: 'message', event: { ...written, customerCreationTime, sessionCreationTime, messages } }
}

/** A message event as its notification has it: times as text, ids under another name. */
type WrittenMessages = Omit<MessageEvent, 'messages' | 'customerCreationTime' | 'sessionCreationTime'> & {
  customerCreationTime: string
  sessionCreationTime: string
  messages: (Omit<Message, 'id' | 'date'> & { _id_: string; date: string })[]
}

/** Platform and contact as in a sample of the platform; a platform without one has the contact of a web chat. */
function samplePerson(catalogue: SampleCatalogue, source: SampleBody, chatPlatform: string): Partial<MessageEvent> {
  if (source.chatPlatform === chatPlatform) return {}
  const all = [...catalogue.values()]
  const known =
    all.find((one) => one.chatPlatform === chatPlatform) ?? all.find((one) => one.chatPlatform === 'webchat')
  const { contactId, whatsappNumber, chatIdInChatPlatform } = { ...absent(ofMessage.properties), ...known }
  return { chatPlatform, contactId, whatsappNumber, chatIdInChatPlatform } as Partial<MessageEvent>
}

/** Null for each property: what an event has where its notification leaves a key out. */
function absent(properties: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, null]))
}

function only(wanted: EventName): Record<EventName, boolean> {
  const none = { userMessages: false, botMessages: false, operatorMessages: false, variableChanges: false }
  return { ...none, deliveredStatus: false, readStatus: false, [wanted]: true }
}
