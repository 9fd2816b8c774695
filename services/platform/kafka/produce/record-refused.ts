/** forbidden: the topic may not be written at present; the others: never to be taken. */
export type RefusalKind = 'too-large' | 'invalid' | 'forbidden'

/** Kafka does not take a record: a value for its sender to decide about. */
export class RecordRefused extends Error {
  override name = 'RecordRefused'
  readonly kind: RefusalKind

  constructor(message: string, kind: RefusalKind = 'too-large') {
    super(message)
    this.kind = kind
  }
}
