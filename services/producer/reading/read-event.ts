import type { Event, Message, MessageEvent, StatusEvent } from '../../domain/event/event.ts'
import { eventFaults } from '../../domain/event/event-faults.ts'
import { type Checked, compileSchema, type Problem } from '../../platform/json/json-schema.ts'
import { parseTimeMs } from '../../platform/json/time.ts'
import { illFormedTexts } from '../../platform/json/well-formed.ts'
import { messageEventSchema, statusEventSchema } from './event-schemas.ts'

/**
 * Reads one event of a request. Its problems name fields relative to the event. Fills defaults into the value itself.
 */
export type ReadEvent = (value: unknown) => Checked<Event>

/** Events that have passed their JSON Schema: times are still text, and optional fields may be missing. */
type RawMessage = Omit<Message, 'date'> & { date: string }
type RawMessageEvent = Omit<MessageEvent, 'customerCreationTime' | 'sessionCreationTime' | 'messages'> & {
  type: 'message'
  customerCreationTime: string
  sessionCreationTime: string
  messages: RawMessage[]
}
type RawStatusEvent = Omit<StatusEvent, 'statusChangeTime'> & { type: 'status'; statusChangeTime: string }

/** Maximum problems of one event. */
const maxProblems = 50

export function createEventReader(): ReadEvent {
  const checkMessage = compileSchema<RawMessageEvent>(messageEventSchema)
  const checkStatus = compileSchema<RawStatusEvent>(statusEventSchema)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { ok: false, problems: [{ field: '', message: 'must be an object' }] }
    const illFormed = illFormedTexts(value, maxProblems)
    if (illFormed.length > 0) return { ok: false, problems: illFormed }
    switch ((value as { type?: unknown }).type) {
      case 'message': {
        const checked = checkMessage(value)
        return checked.ok ? toMessageEvent(checked.value) : checked
      }
      case 'status': {
        const checked = checkStatus(value)
        return checked.ok ? toStatusEvent(checked.value) : checked
      }
      default:
        return { ok: false, problems: [{ field: 'type', message: 'must be message or status' }] }
    }
  }
}

function toMessageEvent({ type, ...raw }: RawMessageEvent): Checked<Event> {
  const problems = missingAddress(raw)
  // The body always has one of the two (contract.md, section 2).
  if (raw.chatPlatform !== 'whatsapp' && !raw.chatIdInChatPlatform)
    problems.push({ field: 'chatIdInChatPlatform', message: 'is required unless chatPlatform is whatsapp' })
  const event: MessageEvent = {
    ...noMessageEventOptions,
    ...raw,
    customerCreationTime: readTime('customerCreationTime', raw.customerCreationTime, problems),
    sessionCreationTime: readTime('sessionCreationTime', raw.sessionCreationTime, problems),
    messages: raw.messages.map((message, index) => ({
      ...noMessageOptions,
      ...message,
      date: readTime(`messages.${index}.date`, message.date, problems),
    })),
  }
  return withinLimits({ type, event }, problems)
}

function toStatusEvent({ type, ...raw }: RawStatusEvent): Checked<Event> {
  const problems = missingAddress(raw)
  const statusChangeTime = readTime('statusChangeTime', raw.statusChangeTime, problems)
  const event: StatusEvent = { ...noStatusEventOptions, ...raw, statusChangeTime }
  return withinLimits({ type, event }, problems)
}

function withinLimits(event: Event, problems: Problem[]): Checked<Event> {
  const all = [...problems, ...eventFaults(event, maxProblems)].slice(0, maxProblems)
  return all.length > 0 ? { ok: false, problems: all } : { ok: true, value: event }
}

function missingAddress(raw: { chatPlatform: string; whatsappNumber?: string | null }): Problem[] {
  if (raw.chatPlatform !== 'whatsapp' || raw.whatsappNumber) return []
  return [{ field: 'whatsappNumber', message: 'is required when chatPlatform is whatsapp' }]
}

/** The schema's format is less strict than RFC 3339 (it accepts +0530), so a text may still be no time. */
function readTime(field: string, text: string, problems: Problem[]): number {
  const ms = parseTimeMs(text)
  if (ms === null) problems.push({ field, message: 'is not an RFC 3339 time' })
  return ms ?? 0
}

const noMessageEventOptions = { whatsappNumber: null, chatIdInChatPlatform: null, firstName: null, lastName: null }

const noStatusEventOptions = { whatsappNumber: null, clientPayload: null }

const noMessageOptions = {
  message: null,
  fromName: null,
  image: null,
  audio: null,
  video: null,
  file: null,
  operatorId: null,
  operatorName: null,
  operatorEmail: null,
  operatorRole: null,
  queue: null,
  intentName: null,
  location: null,
  caption: null,
  payload: null,
  button: null,
  templateName: null,
}
