import { limits } from '../../domain/event/event-limits.ts'

/**
 * JSON Schemas of the events that POST /v1/events accepts: the records of contract.md, section 4, with times as RFC
 * 3339 text and optional fields absent or null. They validate requests and appear in the OpenAPI document.
 */

/** The limit of a name is in bytes of UTF-8, which JSON Schema cannot express; eventFaults checks it. */
const text = {
  type: 'string',
  minLength: 1,
  maxLength: limits.maxNameBytes,
  description: `1 to ${limits.maxNameBytes} bytes of UTF-8`,
}
const optionalText = { type: ['string', 'null'] }
const time = {
  type: 'string',
  format: 'date-time',
  description: 'RFC 3339, any offset, 1970-01-01 to 9999-12-31; kept to the millisecond',
}
const url = { ...optionalText, description: 'URL' }

const conversation = {
  eventId: {
    ...text,
    description: `${text.description}; unique within its kind; send the same one again if no response arrived`,
  },
  businessId: text,
  chatPlatform: { ...text, description: 'webchat, whatsapp, messenger, telegram, twitter or another' },
  chatChannelId: text,
  contactId: { ...text, description: "WhatsApp: the user's phone number; else the user's id on the platform" },
  whatsappNumber: { ...optionalText, description: "the bot's number; required when chatPlatform is whatsapp" },
  customerId: text,
}
const conversationRequired = ['eventId', 'businessId', 'chatPlatform', 'chatChannelId', 'contactId', 'customerId']

const messageSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'date', 'from'],
  properties: {
    id: { ...text, description: 'status events refer to it' },
    date: time,
    message: optionalText,
    fromName: optionalText,
    from: { type: 'string', enum: ['bot', 'user', 'operator'] },
    isButton: { type: 'boolean', default: false },
    image: url,
    audio: url,
    video: url,
    file: url,
    operatorId: optionalText,
    operatorName: optionalText,
    operatorEmail: optionalText,
    operatorRole: { ...optionalText, description: 'ADMIN, CONFIGURATOR, SUPERVISOR, OPERATOR or a custom role' },
    queue: optionalText,
    intentName: optionalText,
    location: { ...optionalText, description: 'two numbers joined by " & "' },
    caption: optionalText,
    payload: optionalText,
    button: optionalText,
    templateName: optionalText,
  },
}

export const messageEventSchema = {
  type: 'object',
  title: 'MessageEvent',
  additionalProperties: false,
  required: ['type', ...conversationRequired, 'customerCreationTime', 'sessionCreationTime', 'messages'],
  properties: {
    type: { const: 'message' },
    ...conversation,
    chatIdInChatPlatform: { ...optionalText, description: 'required unless chatPlatform is whatsapp' },
    firstName: optionalText,
    lastName: optionalText,
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: { type: 'array', maxItems: limits.maxMessages, items: messageSchema },
    variables: {
      type: 'object',
      maxProperties: limits.maxVariables,
      propertyNames: { minLength: 1, maxLength: limits.maxNameBytes },
      additionalProperties: { type: 'string' },
      default: {},
      description: 'variable name -> new value',
    },
  },
}

export const statusEventSchema = {
  type: 'object',
  title: 'StatusEvent',
  additionalProperties: false,
  required: ['type', ...conversationRequired, 'status', 'statusChangeTime', 'messageId'],
  properties: {
    type: { const: 'status' },
    ...conversation,
    status: { type: 'string', enum: ['delivered', 'read'] },
    statusChangeTime: time,
    messageId: { ...text, description: 'id of a message sent by the bot or an operator' },
    clientPayload: optionalText,
  },
}

/** Maximum events of one request. The largest body has fewer, unless they are nearly empty. */
export const maxEvents = 20_000

/** Schema of the JSON body around the events; each event is then checked against its own schema. */
export const envelopeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['events'],
  properties: { events: { type: 'array', minItems: 1, maxItems: maxEvents } },
}
