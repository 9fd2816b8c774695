import type { MessageAuthor, MessageStatus } from '../../../services/domain/event/event.ts'
import type { HttpMessage } from './http-event.ts'

/** A conversation as a script: who says what, without ids and times, which playing it adds. */
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
  /** On whatsapp the phone number, else the user's id on the platform. */
  contactId: string
  firstName?: string
  lastName?: string
}

/** What one event says. A status refers to a message by the name that it was given. */
export type Step =
  | { kind: 'message'; messages: Said[]; variables: Record<string, string> }
  | { kind: 'status'; status: MessageStatus; of: string; clientPayload?: string }

/** A message of a script; `named` lets a status refer to it. */
export type Said = Omit<HttpMessage, 'id' | 'date'> & { named?: string }

type Extras = Partial<Omit<Said, 'from' | 'message'>>

const speaks =
  (from: MessageAuthor) =>
  (message: string | null, extras: Extras = {}): Said => ({
    from,
    ...(message === null ? {} : { message }),
    ...extras,
  })

/** What the user writes; null when it is only an attachment or a location. */
export const user = speaks('user')
export const bot = speaks('bot')
export const operator = speaks('operator')

/** One event: a message, often together with the answers to it. */
export function says(...messages: Said[]): Step {
  return { kind: 'message', messages, variables: {} }
}

/** The same, during which conversation variables changed. */
export function saysAndSets(variables: Record<string, string>, ...messages: Said[]): Step {
  return { kind: 'message', messages, variables }
}

/** The message that was named so is on the user's phone. */
export function delivered(of: string, clientPayload?: string): Step {
  return { kind: 'status', status: 'delivered', of, ...(clientPayload !== undefined && { clientPayload }) }
}

/** The user has seen the message that was named so. */
export function read(of: string, clientPayload?: string): Step {
  return { kind: 'status', status: 'read', of, ...(clientPayload !== undefined && { clientPayload }) }
}
