import type { WantedEvents } from '../domain/definition.ts'
import type { Event } from '../domain/event.ts'
import { limits } from '../domain/limits.ts'
import { bodyOf } from '../domain/notification-body.ts'

const everything: WantedEvents = {
  userMessages: true,
  botMessages: true,
  operatorMessages: true,
  deliveredStatus: true,
  readStatus: true,
  variableChanges: true,
}

/** Bytes of an event's largest notification: what a webhook gets that wants every kind. */
export function notificationBytes(event: Event): number {
  return bodyOf(event, everything)?.length ?? 0
}

export function isTooLarge(event: Event): boolean {
  return notificationBytes(event) > limits.maxNotificationBytes
}
