/**
 * Maximum bytes kept of an identifier. Identifiers within contract.md's limits are kept whole; of others, this is
 * enough to tell them apart.
 */
export const maxIdBytes = 256
/** Maximum bytes of a webhook's id, which is the key of its state. */
const maxKeyBytes = 1_024

/** The longest beginning of a text that fits into maxBytes of UTF-8, without splitting a character. */
export function cutToBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 <= maxBytes) return text.toWellFormed()
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return text.slice(0, read).toWellFormed()
}

/** @throws for an id that no webhook can have; Kafka would not accept its state. */
export function checkedId(webhookId: string): string {
  if (webhookId.length * 3 <= maxKeyBytes) return webhookId
  const bytes = Buffer.byteLength(webhookId)
  if (bytes > maxKeyBytes) throw new Error(`a webhook id of ${bytes} bytes; allowed: ${maxKeyBytes}`)
  return webhookId
}
