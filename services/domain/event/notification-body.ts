import type { WantedEvents } from '../definition/definition.ts'
import type { Event, Message, MessageAuthor, MessageEvent, StatusEvent } from './event.ts'
import { normaliseLocation } from './location.ts'

// Bodies of version 1.1 (contract.md, section 2). Keys appear in the order written here; JSON.stringify leaves out
// undefined ones. Empty optional text counts as absent, except payloads, whose values are up to the business.

const wantedKind = { bot: 'botMessages', user: 'userMessages', operator: 'operatorMessages' } as const satisfies Record<
  MessageAuthor,
  keyof WantedEvents
>

/** Returns the bytes that every attempt sends, or null when the webhook does not want this event. */
export function formatBody({ type, event }: Event, wanted: WantedEvents): Buffer | null {
  const body = type === 'message' ? messageBody(event, wanted) : statusBody(event, wanted)
  return body && Buffer.from(JSON.stringify(body))
}

function messageBody(event: MessageEvent, wanted: WantedEvents): object | null {
  const messages = event.messages.filter(({ from }) => wanted[wantedKind[from]])
  const hasVariables = wanted.variableChanges && Object.keys(event.variables).length > 0
  if (messages.length === 0 && !hasVariables) return null
  const onWhatsapp = isWhatsapp(event)
  return {
    v: '1.1',
    type: 'message',
    chatPlatform: event.chatPlatform,
    contactId: event.contactId,
    whatsappNumber: onWhatsapp ? text(event.whatsappNumber) : undefined,
    chatIdInChatPlatform: onWhatsapp ? undefined : text(event.chatIdInChatPlatform),
    chatChannelId: event.chatChannelId,
    customerId: event.customerId,
    firstName: text(event.firstName),
    lastName: text(event.lastName),
    customerCreationTime: time(event.customerCreationTime),
    sessionCreationTime: time(event.sessionCreationTime),
    messages: messages.map((message) => messageItem(message, event, onWhatsapp)),
    variables: hasVariables ? event.variables : undefined,
  }
}

function messageItem(message: Message, event: MessageEvent, onWhatsapp: boolean): object {
  const { from } = message
  const image = text(message.image)
  const audio = text(message.audio)
  const video = text(message.video)
  const file = text(message.file)
  const byOperator = from === 'operator'
  return {
    _id_: message.id,
    date: time(message.date),
    message: text(message.message),
    fromName: authorName(message, event),
    from,
    fromCustomer: flag(from === 'user'),
    isButton: flag(message.isButton),
    hasAttachment: flag((image ?? audio ?? video ?? file) !== undefined),
    image,
    audio,
    video,
    file,
    operatorId: byOperator ? text(message.operatorId) : undefined,
    operatorName: byOperator ? text(message.operatorName) : undefined,
    operatorEmail: byOperator ? text(message.operatorEmail) : undefined,
    operatorRole: byOperator ? text(message.operatorRole) : undefined,
    queue: text(message.queue),
    intentName: from === 'bot' ? text(message.intentName) : undefined,
    ...(onWhatsapp && whatsappKeys(message)),
  }
}

function whatsappKeys({ from, location, caption, payload, button, templateName }: Message): object {
  return {
    location: from === 'user' && location !== null ? normaliseLocation(location) : undefined,
    caption: text(caption),
    payload: payload ?? undefined,
    button: text(button),
    templateName: text(templateName),
  }
}

/** The author's name. fromName is always present: it is empty for a user or operator without a known name. */
function authorName({ from, fromName, operatorName }: Message, { firstName, lastName }: MessageEvent): string {
  switch (from) {
    case 'bot':
      return 'Bot'
    case 'user':
      return text(fromName) ?? [firstName, lastName].filter(Boolean).join(' ')
    case 'operator':
      return text(fromName) ?? operatorName ?? ''
  }
}

function statusBody(event: StatusEvent, wanted: WantedEvents): object | null {
  const isWanted = event.status === 'delivered' ? wanted.deliveredStatus : wanted.readStatus
  if (!isWanted) return null
  return {
    v: '1.1',
    type: 'status',
    businessId: event.businessId,
    contactId: event.contactId,
    chatChannelId: event.chatChannelId,
    chatPlatform: event.chatPlatform,
    whatsappNumber: isWhatsapp(event) ? text(event.whatsappNumber) : undefined,
    customerId: event.customerId,
    status: event.status,
    statusChangeTime: time(event.statusChangeTime),
    messageId: event.messageId,
    clientPayload: event.clientPayload ?? undefined,
  }
}

function isWhatsapp({ chatPlatform }: { chatPlatform: string }): boolean {
  return chatPlatform === 'whatsapp'
}

function text(value: string | null): string | undefined {
  return value === null || value === '' ? undefined : value
}

function flag(value: boolean): true | undefined {
  return value || undefined
}

function time(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
