import type { Event, MessageEvent } from './event.ts'
import { limits } from './event-limits.ts'

/**
 * A field outside the limits of contract.md, section 4: its path, such as "messages.0.id", and the rule that it breaks.
 */
export type EventFault = { field: string; message: string }

const conversationNames = ['eventId', 'businessId', 'chatPlatform', 'chatChannelId', 'contactId', 'customerId'] as const

/** UTF-8 bytes that one UTF-16 code unit takes at most. */
const maxBytesPerUnit = 3

/** Fields of an event outside their limits, at most maxFaults of them. */
export function eventFaults({ type, event }: Event, maxFaults: number): EventFault[] {
  const faults = new Faults(maxFaults)
  for (const field of conversationNames) faults.ofName(field, event[field])
  if (type === 'message') ofMessageEvent(faults, event)
  else {
    faults.ofName('messageId', event.messageId)
    faults.ofTime('statusChangeTime', event.statusChangeTime)
  }
  return faults.found
}

function ofMessageEvent(faults: Faults, event: MessageEvent): void {
  const { messages, variables } = event
  faults.ofTime('customerCreationTime', event.customerCreationTime)
  faults.ofTime('sessionCreationTime', event.sessionCreationTime)
  const variableNames = Object.keys(variables)
  faults.ofCount('messages', messages.length, limits.maxMessages)
  faults.ofCount('variables', variableNames.length, limits.maxVariables)
  // Stops here, so that millions of messages are not checked one by one.
  if (faults.found.length > 0) return
  const { firstName, lastName } = event
  const nameLength = (firstName?.length ?? 0) + (lastName?.length ?? 0)
  const repeated = nameLength === 0 ? 0 : messages.filter(({ from, fromName }) => from === 'user' && !fromName).length
  if (repeated * nameLength > limits.maxNotificationBytes) faults.add('firstName', repeatedNameRule)
  for (const [index, { id, date }] of messages.entries()) {
    faults.ofName(`messages.${index}.id`, id)
    faults.ofTime(`messages.${index}.date`, date)
  }
  for (const name of variableNames) if (!isName(name)) faults.add(`variables.${name}`, `${nameRule} as its name`)
}

const nameRule = `must have 1 to ${limits.maxNameBytes} bytes`
const repeatedNameRule =
  'and lastName are too long: the notification repeats them in each message of the user that has no fromName'
const timeRule = 'must be a time from 1970-01-01 to 9999-12-31'

function isName(text: string): boolean {
  const { length } = text
  if (length === 0 || length > limits.maxNameBytes) return false
  return length * maxBytesPerUnit <= limits.maxNameBytes || Buffer.byteLength(text) <= limits.maxNameBytes
}

class Faults {
  readonly found: EventFault[] = []
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  add(field: string, message: string): void {
    if (this.found.length < this.#max) this.found.push({ field, message })
  }

  ofName(field: string, text: string): void {
    if (!isName(text)) this.add(field, nameRule)
  }

  /** Anything that is not a number is outside too. */
  ofTime(field: string, timeMs: number): void {
    if (!(timeMs >= limits.earliestMs && timeMs <= limits.latestMs)) this.add(field, timeRule)
  }

  ofCount(field: string, count: number, max: number): void {
    if (count > max) this.add(field, `must not have more than ${max} items, has ${count}`)
  }
}
