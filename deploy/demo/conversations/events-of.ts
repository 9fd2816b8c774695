import type { Channel, Contact, Conversation, Said, Step } from './conversation.ts'
import type { HttpEvent, HttpMessage, HttpMessageEvent, HttpStatusEvent } from './http-event.ts'

export type Casting = {
  businessId: string
  /** Distinguishes the ids of this run from those of any other. */
  runId: string
  /** Start of the session, in milliseconds since the epoch. */
  startMs: number
}

const stepMs = 4_000
const answerMs = 400
const customerForMs = 90 * 86_400_000

/**
 * The events of a conversation, in order.
 * @throws Error if a status refers to a message that comes later or is from the user.
 */
export function eventsOf(conversation: Conversation, casting: Casting): HttpEvent[] {
  const { channel, contact } = conversation
  const prefix = `${casting.runId}-${conversation.id}`
  const idByName = new Map<string, string>()
  const eventOf = (step: Step, index: number): HttpEvent => {
    const id = `${prefix}-e${index + 1}`
    const atMs = casting.startMs + index * stepMs
    switch (step.kind) {
      case 'message': {
        const messages = step.messages.map((said, position) => {
          const messageId = `${prefix}-m${index + 1}.${position + 1}`
          if (said.named !== undefined && said.from !== 'user') idByName.set(said.named, messageId)
          return spoken(said, messageId, atMs + position * answerMs, contact.firstName)
        })
        return {
          type: 'message',
          eventId: id,
          ...session(channel, contact, casting),
          messages,
          variables: step.variables,
        }
      }
      case 'status': {
        const messageId = idByName.get(step.of)
        if (messageId === undefined) throw new Error(`${conversation.id}: no outgoing message is named "${step.of}"`)
        return { type: 'status', eventId: id, ...parties(channel, contact, casting), ...change(step, messageId, atMs) }
      }
    }
  }
  return conversation.steps.map(eventOf)
}

/** Fields that message and status events share. */
function parties(channel: Channel, { contactId }: Contact, { businessId }: Casting) {
  const { platform: chatPlatform, id: chatChannelId, whatsappNumber } = channel
  const customerId = `customer-${contactId}`
  const common = { businessId, chatPlatform, chatChannelId, contactId, customerId }
  return whatsappNumber === undefined ? common : { ...common, whatsappNumber }
}

function session(
  channel: Channel,
  contact: Contact,
  casting: Casting,
): Omit<HttpMessageEvent, 'type' | 'eventId' | 'messages' | 'variables'> {
  const { contactId, firstName, lastName } = contact
  return {
    ...parties(channel, contact, casting),
    ...(channel.whatsappNumber === undefined && { chatIdInChatPlatform: `chat-${contactId}` }),
    ...(firstName !== undefined && { firstName }),
    ...(lastName !== undefined && { lastName }),
    customerCreationTime: iso(casting.startMs - customerForMs),
    sessionCreationTime: iso(casting.startMs),
  }
}

function spoken({ named: _, ...said }: Said, id: string, atMs: number, userName = 'Guest'): HttpMessage {
  const fromName = said.fromName ?? (said.from === 'bot' ? 'Bot' : userName)
  return { ...said, id, date: iso(atMs), fromName }
}

function change(
  { status, clientPayload }: Extract<Step, { kind: 'status' }>,
  messageId: string,
  atMs: number,
): Pick<HttpStatusEvent, 'status' | 'statusChangeTime' | 'messageId' | 'clientPayload'> {
  const payload = clientPayload === undefined ? {} : { clientPayload }
  return { status, statusChangeTime: iso(atMs), messageId, ...payload }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
