/** Input events, as in schemas/message-events.avsc and schemas/status-events.avsc. Times are milliseconds since the epoch. */

/** Platforms with a name of their own in the contract; there may be others. */
export const chatPlatforms = ['webchat', 'whatsapp', 'messenger', 'telegram', 'twitter'] as const

export type MessageAuthor = 'bot' | 'user' | 'operator'

export type Message = {
  id: string
  date: number
  message: string | null
  fromName: string | null
  from: MessageAuthor
  isButton: boolean
  image: string | null
  audio: string | null
  video: string | null
  file: string | null
  operatorId: string | null
  operatorName: string | null
  operatorEmail: string | null
  operatorRole: string | null
  queue: string | null
  intentName: string | null
  location: string | null
  caption: string | null
  payload: string | null
  button: string | null
  templateName: string | null
}

/** Fields of every event. */
type EventBase = {
  eventId: string
  businessId: string
  chatPlatform: string
  chatChannelId: string
  contactId: string
  whatsappNumber: string | null
  customerId: string
}

export type MessageEvent = EventBase & {
  chatIdInChatPlatform: string | null
  firstName: string | null
  lastName: string | null
  customerCreationTime: number
  sessionCreationTime: number
  messages: Message[]
  /** Variable name -> new value. */
  variables: Record<string, string>
}

export type MessageStatus = 'delivered' | 'read'

export type StatusEvent = EventBase & {
  status: MessageStatus
  statusChangeTime: number
  messageId: string
  clientPayload: string | null
}

/** An event with its kind: the producer accepts it and the formatter reads it. */
export type Event = { type: 'message'; event: MessageEvent } | { type: 'status'; event: StatusEvent }

/** Key of both event topics (contract.md, section 4). One conversation stays in one partition, in order. */
export function eventKey(event: { chatChannelId: string; contactId: string }): string {
  return `${event.chatChannelId}:${event.contactId}`
}
