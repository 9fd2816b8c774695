/** Identifiers within contract.md's limits are kept whole; of others, so much is enough to tell them apart. */
export const maxIdBytes = 256
/** A webhook's id is the key of its state. */
const maxKeyBytes = 1_024

/** The longest beginning that has so many bytes in UTF-8, with no character cut in two. */
export function cutToBytes(text: string, maxBytes: number): string {
  // Three bytes a unit at most.
  if (text.length * 3 <= maxBytes) return text.toWellFormed()
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return text.slice(0, read).toWellFormed()
}

/** @throws for an id that no webhook has: its state would be none that Kafka takes. */
export function checkedId(webhookId: string): string {
  if (webhookId.length * 3 <= maxKeyBytes) return webhookId
  const bytes = Buffer.byteLength(webhookId)
  if (bytes > maxKeyBytes) throw new Error(`a webhook id of ${bytes} bytes; allowed: ${maxKeyBytes}`)
  return webhookId
}
