import type { WantedEvents, WebhookDefinition } from '../../../services/domain/definition.ts'
import type { Event, Message, MessageEvent, StatusEvent } from '../../../services/domain/event.ts'

/** Plain events and definitions for the formatter's tests; each test says only what matters to it. */

export const everything: WantedEvents = {
  userMessages: true,
  botMessages: true,
  operatorMessages: true,
  deliveredStatus: true,
  readStatus: true,
  variableChanges: true,
}

export const nothing: WantedEvents = {
  userMessages: false,
  botMessages: false,
  operatorMessages: false,
  deliveredStatus: false,
  readStatus: false,
  variableChanges: false,
}

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

export function definition(over: Partial<WebhookDefinition> = {}): WebhookDefinition {
  return {
    id: 'wh1',
    businessId: 'b1',
    name: 'Orders',
    url: 'https://example.com/hook',
    enabled: true,
    channels: ['c1'],
    events: everything,
    headers: {},
    timeoutMs: 10_000,
    slowThresholdMs: 1_000,
    retryProfile: 'chat',
    whenBlocked: 'reject',
    maxInFlight: 64,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    version: 3,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  }
}
