/** An error of Kafka; type is Kafka's own name of it. */
export type KafkajsError = Error & { type?: string | null; cause?: unknown }

const wrappers = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError']

/** Unwraps errors that kafkajs wraps when it gives up retrying. */
export function unwrapError(error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: unknown }
  return name !== undefined && wrappers.includes(name) && cause instanceof Error ? unwrapError(cause) : error
}

/** Whether Kafka's ACLs lack a right. */
export function isDenied({ type }: KafkajsError): boolean {
  return type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'GROUP_AUTHORIZATION_FAILED'
}

/**
 * Names in a denial what kafkajs leaves out; other errors stay as they are.
 * @param right an operation of Kafka's ACLs. @param resource name of a topic, or `group` and its id.
 */
export function nameDenial<E extends KafkajsError>(error: E, right: string, resource: string): E {
  if (isDenied(error) && !namesDenial(error.message))
    error.message = `${opening} ${right} ${resource}: Kafka's ACLs do not allow it (${error.message})`
  return error
}

/** Whether a text is, or quotes, the message of a named denial. */
export function namesDenial(text: string): boolean {
  return text.includes(opening)
}

const opening = 'no permission to'
