import type { Message, MessageEvent, StatusEvent } from '../../../services/domain/event/event.ts'

/** A record's times (its only numbers) as ISO 8601 strings. */
type Field<T> = T extends number ? string : T

/** A record as HTTP carries it: what is null in Kafka is absent. */
type HttpForm<T> = { [K in keyof T as null extends T[K] ? never : K]: Field<T[K]> } & {
  [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null>
}

export type HttpMessage = Omit<HttpForm<Message>, 'isButton'> & { isButton?: boolean }

export type HttpMessageEvent = { type: 'message' } & Omit<HttpForm<MessageEvent>, 'messages' | 'variables'> & {
    messages: HttpMessage[]
    variables?: Record<string, string>
  }

export type HttpStatusEvent = { type: 'status' } & HttpForm<StatusEvent>

/** An event as the producer's POST /v1/events takes it (contract.md, section 5). */
export type HttpEvent = HttpMessageEvent | HttpStatusEvent
