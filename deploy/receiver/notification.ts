import type { HttpEvent, HttpMessage } from '../demo/conversations/http-event.ts'

/** A notification's body, as far as the receiver reads it (contract.md, section 2). */
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
 * Subject of a notification, in terms that its event has too. The oracle matches the two by their content, not by an id
 * of the system under test.
 */
export function subjectOfNotification(notification: Notification): string {
  switch (notification.type) {
    case 'message':
      return `message ${notification.messages[0]?._id_}`
    case 'status':
      return `${notification.status} ${notification.messageId}`
  }
}

/** Subject of an event, in the same terms. */
export function subjectOfEvent(event: HttpEvent): string {
  switch (event.type) {
    case 'message':
      return `message ${event.messages[0]?.id}`
    case 'status':
      return `${event.status} ${event.messageId}`
  }
}
