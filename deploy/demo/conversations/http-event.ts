import type { Message, MessageEvent, StatusEvent } from '../../../services/domain/event/event.ts'

/** Converts the times of a record (its only numbers) to ISO 8601. */
type Field<T> = T extends number ? string : T

/** Converts a record to the HTTP API's form: null becomes absent. */
type HttpForm<T> = { [K in keyof T as null extends T[K] ? never : K]: Field<T[K]> } & {
  [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null>
}

export type HttpMessage = Omit<HttpForm<Message>, 'isButton'> & { isButton?: boolean }

export type HttpMessageEvent = { type: 'message' } & Omit<HttpForm<MessageEvent>, 'messages' | 'variables'> & {
    messages: HttpMessage[]
    variables?: Record<string, string>
  }

export type HttpStatusEvent = { type: 'status' } & HttpForm<StatusEvent>

/** Converts an event to the body of POST /v1/events (contract.md, section 5). */
export type HttpEvent = HttpMessageEvent | HttpStatusEvent
