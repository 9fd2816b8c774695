/** forbidden: the topic may not be written at present. The others: Kafka will never accept the record. */
export type RefusalKind = 'too-large' | 'invalid' | 'forbidden'

/** Error of a record that Kafka does not accept; its sender decides what to do. */
export class RecordRefused extends Error {
  override name = 'RecordRefused'
  readonly kind: RefusalKind

  constructor(message: string, kind: RefusalKind = 'too-large') {
    super(message)
    this.kind = kind
  }
}
