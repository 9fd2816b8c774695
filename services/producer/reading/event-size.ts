import type { WantedEvents } from '../../domain/definition/definition.ts'
import type { Event } from '../../domain/event/event.ts'
import { limits } from '../../domain/event/limits.ts'
import { formatBody } from '../../domain/event/notification-body.ts'

const everything: WantedEvents = {
  userMessages: true,
  botMessages: true,
  operatorMessages: true,
  deliveredStatus: true,
  readStatus: true,
  variableChanges: true,
}

/** Bytes of an event's largest notification: the one for a webhook that wants every kind. */
export function notificationBytes(event: Event): number {
  return formatBody(event, everything)?.length ?? 0
}

export function isTooLarge(event: Event): boolean {
  return notificationBytes(event) > limits.maxNotificationBytes
}
