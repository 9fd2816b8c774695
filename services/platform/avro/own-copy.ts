/** A copy with its own memory. Fields of a record are slices that keep their whole fetch, up to 1 MB, alive. */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
