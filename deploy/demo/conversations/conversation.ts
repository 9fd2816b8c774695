import type { MessageAuthor, MessageStatus } from '../../../services/domain/event/event.ts'
import type { HttpMessage } from './http-event.ts'

/** A conversation as a script: who says what. Ids and times are added when it is played. */
export type Conversation = {
  /** Unique among the conversations that are played together. */
  id: string
  channel: Channel
  contact: Contact
  steps: Step[]
}

export type Channel = {
  /** chatChannelId. */
  id: string
  /** chatPlatform. */
  platform: string
  /** The bot's account number; only on whatsapp. */
  whatsappNumber?: string
}

export type Contact = {
  /** The phone number on whatsapp, otherwise the user's id on the platform. */
  contactId: string
  firstName?: string
  lastName?: string
}

/** Content of one event. A status refers to a message by its name in the script. */
export type Step =
  | { kind: 'message'; messages: Said[]; variables: Record<string, string> }
  | { kind: 'status'; status: MessageStatus; of: string; clientPayload?: string }

/** A message of a script; `named` gives it a name for statuses to refer to. */
export type Said = Omit<HttpMessage, 'id' | 'date'> & { named?: string }

type Extras = Partial<Omit<Said, 'from' | 'message'>>

const speaks =
  (from: MessageAuthor) =>
  (message: string | null, extras: Extras = {}): Said => ({
    from,
    ...(message === null ? {} : { message }),
    ...extras,
  })

/** Text of the user; null if there is only an attachment or a location. */
export const user = speaks('user')
export const bot = speaks('bot')
export const operator = speaks('operator')

/** One event: a message, often with the answers to it. */
export function says(...messages: Said[]): Step {
  return { kind: 'message', messages, variables: {} }
}

/** The same, with changes of conversation variables. */
export function saysAndSets(variables: Record<string, string>, ...messages: Said[]): Step {
  return { kind: 'message', messages, variables }
}

/** Status delivered of the message with this name. */
export function delivered(of: string, clientPayload?: string): Step {
  return { kind: 'status', status: 'delivered', of, ...(clientPayload !== undefined && { clientPayload }) }
}

/** Status read of the message with this name. */
export function read(of: string, clientPayload?: string): Step {
  return { kind: 'status', status: 'read', of, ...(clientPayload !== undefined && { clientPayload }) }
}
