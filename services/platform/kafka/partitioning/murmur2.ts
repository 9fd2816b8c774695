const seed = 0x9747b28c
const mixer = 0x5bd1e995

/**
 * Hash with which Kafka's own clients choose a key's partition: MurmurHash2 as in Java's Utils.murmur2, signed. kafkajs
 * 2.2.4 multiplies in BigInt without truncation, so its time grows with the square of the key's length: 8 s at 250 KB.
 */
export function murmur2(key: Buffer): number {
  const length = key.length
  let hash = seed ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    const word = Math.imul(key.readInt32LE(at), mixer)
    hash = Math.imul(hash, mixer) ^ Math.imul(word ^ (word >>> 24), mixer)
  }
  const rest = length - at
  if (rest === 3) hash ^= (key[at + 2] ?? 0) << 16
  if (rest >= 2) hash ^= (key[at + 1] ?? 0) << 8
  if (rest >= 1) hash = Math.imul(hash ^ (key[at] ?? 0), mixer)
  hash = Math.imul(hash ^ (hash >>> 13), mixer)
  return hash ^ (hash >>> 15)
}
