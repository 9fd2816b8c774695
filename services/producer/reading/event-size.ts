import { everyKind } from '../../domain/definition/definition-values.ts'
import type { Event } from '../../domain/event/event.ts'
import { limits } from '../../domain/event/event-limits.ts'
import { formatBody } from '../../domain/event/notification-body.ts'

/** Bytes of an event's largest notification: the one for a webhook that wants every kind. */
export function notificationBytes(event: Event): number {
  return formatBody(event, everyKind)?.length ?? 0
}

export function isTooLarge(event: Event): boolean {
  return notificationBytes(event) > limits.maxNotificationBytes
}
