/** A copy that stands alone in memory: what kafkajs hands over is a slice that keeps its whole fetch, up to 1 MB, with it. */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
