/** The part of a status notification that says which message it is about. */
export type StatusOfMessage = { status: 'delivered' | 'read'; messageId: string }

/**
 * Reads the body of a status notification.
 * @returns null for a body that is none: another program may have written the record.
 */
export function readStatus(body: Buffer): StatusOfMessage | null {
  try {
    const { status, messageId } = JSON.parse(body.toString('utf8')) as Record<string, unknown>
    if ((status !== 'delivered' && status !== 'read') || typeof messageId !== 'string') return null
    return { status, messageId }
  } catch {
    return null
  }
}
