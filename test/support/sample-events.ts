import type { Event, Message, MessageEvent, StatusEvent } from '../../services/domain/event/event.ts'

/** Simple events as records; each test states only the fields that matter to it. */

export const atMs = Date.parse('2026-03-04T05:06:07.008Z')

export function message(over: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    date: atMs,
    message: 'Hola',
    fromName: 'Ana',
    from: 'user',
    isButton: false,
    image: null,
    audio: null,
    video: null,
    file: null,
    operatorId: null,
    operatorName: null,
    operatorEmail: null,
    operatorRole: null,
    queue: null,
    intentName: null,
    location: null,
    caption: null,
    payload: null,
    button: null,
    templateName: null,
    ...over,
  }
}

export function messageEvent(over: Partial<MessageEvent> = {}): Event {
  const event: MessageEvent = {
    eventId: 'e1',
    businessId: 'b1',
    chatPlatform: 'webchat',
    chatChannelId: 'c1',
    contactId: 'u1',
    whatsappNumber: null,
    chatIdInChatPlatform: 'chat-1',
    customerId: 'cu1',
    firstName: 'Ana',
    lastName: 'Paz',
    customerCreationTime: atMs - 1000,
    sessionCreationTime: atMs - 10,
    messages: [message()],
    variables: {},
    ...over,
  }
  return { type: 'message', event }
}

export function statusEvent(over: Partial<StatusEvent> = {}): Event {
  const event: StatusEvent = {
    eventId: 'e2',
    businessId: 'b1',
    chatPlatform: 'whatsapp',
    chatChannelId: 'c1',
    contactId: '5491100000001',
    whatsappNumber: '5491100000000',
    customerId: 'cu1',
    status: 'delivered',
    statusChangeTime: atMs,
    messageId: 'm1',
    clientPayload: null,
    ...over,
  }
  return { type: 'status', event }
}
