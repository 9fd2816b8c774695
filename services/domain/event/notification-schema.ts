import { chatPlatforms } from './event.ts'
import { limits } from './event-limits.ts'

/**
 * JSON Schemas (draft 07) of notification bodies, version 1.1 (contract.md, section 2). `npm run docs` writes them to
 * schemas/ for receivers. The order of properties is the order of keys in a body.
 */

const name = { type: 'string', minLength: 1, maxLength: limits.maxNameBytes }
const text = { type: 'string' }
/** Optional texts are left out when they are empty. */
const nonEmpty = { type: 'string', minLength: 1 }
const time = { type: 'string', format: 'date-time', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }
const url = { ...nonEmpty, description: 'URL' }
const isTrue = { const: true }
const platform = { ...name, description: `${chatPlatforms.join(', ')} or another` }
const contact = { ...name, description: "WhatsApp: the user's phone number; else the user's id on the platform" }
const ofWhatsapp = { ...nonEmpty, description: 'whatsapp only' }

const message = {
  type: 'object',
  additionalProperties: false,
  required: ['_id_', 'date', 'fromName', 'from'],
  properties: {
    _id_: { ...name, description: 'status notifications refer to it' },
    date: time,
    message: { ...nonEmpty, description: 'text, or the label of a button' },
    fromName: { ...text, description: '"Bot" for the bot; empty if the name is unknown' },
    from: { enum: ['bot', 'user', 'operator'] },
    fromCustomer: isTrue,
    isButton: isTrue,
    hasAttachment: isTrue,
    image: url,
    audio: url,
    video: url,
    file: url,
    operatorId: nonEmpty,
    operatorName: nonEmpty,
    operatorEmail: nonEmpty,
    operatorRole: { ...nonEmpty, description: 'ADMIN, CONFIGURATOR, SUPERVISOR, OPERATOR or a custom role' },
    queue: nonEmpty,
    intentName: nonEmpty,
    location: { ...ofWhatsapp, description: 'whatsapp only: the two numbers joined by " & "' },
    caption: ofWhatsapp,
    payload: { ...text, description: 'whatsapp only' },
    button: ofWhatsapp,
    templateName: ofWhatsapp,
  },
}

const messageNotification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:hookline:notification-message-1.1',
  title: 'MessageNotification',
  description: 'Messages of a conversation, and variables that changed with them.',
  type: 'object',
  additionalProperties: false,
  required: [
    'v',
    'type',
    'chatPlatform',
    'contactId',
    'chatChannelId',
    'customerId',
    'customerCreationTime',
    'sessionCreationTime',
    'messages',
  ],
  properties: {
    v: { const: '1.1' },
    type: { const: 'message' },
    chatPlatform: platform,
    contactId: contact,
    whatsappNumber: { ...ofWhatsapp, description: "whatsapp only: the bot's account number" },
    chatIdInChatPlatform: { ...nonEmpty, description: 'not on whatsapp' },
    chatChannelId: name,
    customerId: name,
    firstName: nonEmpty,
    lastName: nonEmpty,
    customerCreationTime: time,
    sessionCreationTime: { ...time, description: 'start of the session of these messages' },
    messages: { type: 'array', maxItems: limits.maxMessages, items: message },
    variables: {
      type: 'object',
      minProperties: 1,
      maxProperties: limits.maxVariables,
      propertyNames: { minLength: 1, maxLength: limits.maxNameBytes },
      additionalProperties: text,
      description: 'variable name -> new value',
    },
  },
}

const statusNotification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:hookline:notification-status-1.1',
  title: 'StatusNotification',
  description: 'A message was delivered or read.',
  type: 'object',
  additionalProperties: false,
  required: [
    'v',
    'type',
    'businessId',
    'contactId',
    'chatChannelId',
    'chatPlatform',
    'customerId',
    'status',
    'statusChangeTime',
    'messageId',
  ],
  properties: {
    v: { const: '1.1' },
    type: { const: 'status' },
    businessId: { ...name, description: 'several bots may share one endpoint' },
    contactId: contact,
    chatChannelId: name,
    chatPlatform: platform,
    whatsappNumber: { ...ofWhatsapp, description: "whatsapp only: the bot's account number" },
    customerId: name,
    status: { enum: ['delivered', 'read'] },
    statusChangeTime: time,
    messageId: { ...name, description: '_id_ of an outgoing (bot or operator) message' },
    clientPayload: { ...text, description: 'only of messages sent through the API with a payload' },
  },
}

/** File in schemas/ -> its content. */
export const notificationSchemas = {
  'notification-message-1.1.schema.json': messageNotification,
  'notification-status-1.1.schema.json': statusNotification,
}
