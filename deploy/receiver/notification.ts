import type { HttpEvent, HttpMessage } from '../demo/conversations/http-event.ts'

/** A notification's body, as far as a receiver cares to read it (contract.md, section 2). */
export type Notification = {
  chatPlatform: string
  chatChannelId: string
  contactId: string
  firstName?: string
} & (
  | { type: 'message'; messages: (Omit<HttpMessage, 'id'> & { _id_: string })[]; variables?: Record<string, string> }
  | { type: 'status'; messageId: string; status: string; clientPayload?: string }
)

/**
 * What a notification tells of, in terms that its event has too: the oracle finds them together by what they say, not by
 * any id that the system under test has made.
 */
export function subjectOfNotification(notification: Notification): string {
  switch (notification.type) {
    case 'message':
      return `message ${notification.messages[0]?._id_}`
    case 'status':
      return `${notification.status} ${notification.messageId}`
  }
}

/** The same of the event. */
export function subjectOfEvent(event: HttpEvent): string {
  switch (event.type) {
    case 'message':
      return `message ${event.messages[0]?.id}`
    case 'status':
      return `${event.status} ${event.messageId}`
  }
}
