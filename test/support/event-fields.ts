import type { Event } from '../../services/domain/event/event.ts'
import { message, messageEvent, statusEvent } from './sample-events.ts'

/** A text of an event, and a function that makes an event with a given text in it. */
export type EventField = {
  name: string
  /** Limit in bytes of UTF-8; null if only the size of the notification limits it. */
  maxBytes: number | null
  fill: (text: string) => Event
}

const names = ['eventId', 'businessId', 'chatChannelId', 'contactId', 'customerId']
const ofMessageEvent = ['whatsappNumber', 'chatIdInChatPlatform', 'firstName', 'lastName']
/** Fields of a message that are texts of people or about them. */
export const messageTexts = [
  'message',
  'fromName',
  'image',
  'audio',
  'video',
  'file',
  'operatorId',
  'operatorName',
  'operatorEmail',
  'operatorRole',
  'queue',
  'intentName',
  'location',
  'caption',
  'payload',
  'button',
  'templateName',
]
const whatsapp = { chatPlatform: 'whatsapp', whatsappNumber: '549110', chatIdInChatPlatform: null }
const maxBytes = 256

/** Every text field of both kinds of events; messages are on WhatsApp, where all of their fields are read. */
export const eventFields: EventField[] = [
  ...[...names, 'chatPlatform'].flatMap((name) => [
    { name, maxBytes, fill: (text: string) => messageEvent({ [name]: text }) },
    { name: `${name} of a status`, maxBytes, fill: (text: string) => statusEvent({ [name]: text }) },
  ]),
  ...ofMessageEvent.map((name) => ({
    name,
    maxBytes: null,
    fill: (text: string) => messageEvent({ ...(name === 'whatsappNumber' && whatsapp), [name]: text }),
  })),
  { name: 'messages.0.id', maxBytes, fill: (id) => messageEvent({ messages: [message({ id })] }) },
  ...messageTexts.map((name) => ({
    name: `messages.0.${name}`,
    maxBytes: null,
    fill: (text: string) =>
      messageEvent({
        ...whatsapp,
        messages: [
          message({
            from: name.startsWith('operator') ? 'operator' : name === 'intentName' ? 'bot' : 'user',
            [name]: text,
          }),
        ],
      }),
  })),
  { name: "a variable's value", maxBytes: null, fill: (text) => messageEvent({ variables: { a: text } }) },
  {
    name: "a variable's name",
    maxBytes,
    fill: (text) => messageEvent({ variables: Object.fromEntries([[text, 'a']]) }),
  },
  { name: 'messageId', maxBytes, fill: (messageId) => statusEvent({ messageId }) },
  { name: 'whatsappNumber of a status', maxBytes: null, fill: (whatsappNumber) => statusEvent({ whatsappNumber }) },
  { name: 'clientPayload', maxBytes: null, fill: (clientPayload) => statusEvent({ clientPayload }) },
]
