import type { Event } from '../domain/event.ts'

/** What contract.md's YYYY-MM-DDThh:mm:ss.sssZ can say: years 0000 to 9999. Avro's long holds far more. */
const earliestMs = Date.parse('0000-01-01T00:00:00.000Z')
const latestMs = Date.parse('9999-12-31T23:59:59.999Z')

/** Why no body can be made of an event that its schema lets through, or null. */
export function eventFault({ type, event }: Event): string | null {
  if (type === 'status') return timeFault('statusChangeTime', event.statusChangeTime)
  for (const [index, { date }] of event.messages.entries()) {
    const fault = timeFault(`messages.${index}.date`, date)
    if (fault !== null) return fault
  }
  return (
    timeFault('customerCreationTime', event.customerCreationTime) ??
    timeFault('sessionCreationTime', event.sessionCreationTime)
  )
}

function timeFault(field: string, timeMs: number): string | null {
  return timeMs >= earliestMs && timeMs <= latestMs ? null : `${field} ${timeMs} is not a time in years 0000 to 9999`
}
