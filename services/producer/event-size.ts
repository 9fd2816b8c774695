import type { Event } from '../domain/event.ts'

/** Of a notification body (design.md, limits). */
export const maxNotificationBytes = 262_144

/**
 * Bytes of an event as JSON, absent fields left out and times as ISO text: what its largest notification body is judged
 * by, before any webhook is known. A body differs from it by a few bytes a message.
 */
export function eventBytes({ event }: Event): number {
  return Buffer.byteLength(JSON.stringify(event, (key, value) => shownAs(key, value)))
}

export function isTooLarge(event: Event): boolean {
  return eventBytes(event) > maxNotificationBytes
}

const timeFields = new Set(['date', 'customerCreationTime', 'sessionCreationTime', 'statusChangeTime'])

function shownAs(key: string, value: unknown): unknown {
  if (value === null) return undefined
  return typeof value === 'number' && timeFields.has(key) ? new Date(value).toISOString() : value
}
