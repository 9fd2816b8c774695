const decimal = String.raw`[+-]?\d+(?:\.\d+)?`
/** Matches text that is already trimmed. No two runs of blanks are adjacent, so matching takes linear time. */
const pair = new RegExp(String.raw`^\[?\s*(${decimal})(?:\s*[&,;]\s*|\s+)(${decimal})\s*\]?$`)
const single = new RegExp(`^${decimal}$`)
/**
 * Maximum characters of a pair; two numbers need far fewer. A WhatsApp location object also has a name and an address.
 */
const maxPairLength = 200
const maxObjectLength = 16_384

/**
 * Normalises a shared location to "lat & long" (contract.md, section 2). Bot runtimes write "lat & long", "lat, long",
 * "lat;long", "lat long", "[lat, long]", or the JSON object of the WhatsApp API ({ "latitude": .., "longitude": .. },
 * also lat with long, lng or lon). Digits stay as they were written.
 * @returns undefined for any other text.
 */
export function normaliseLocation(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return trimmed.length <= maxObjectLength ? fromJson(trimmed) : undefined
  if (trimmed.length > maxPairLength) return undefined
  const match = pair.exec(trimmed)
  return match ? `${match[1]} & ${match[2]}` : undefined
}

function fromJson(text: string): string | undefined {
  const { latitude, lat, longitude, long, lng, lon } = parseObject(text)
  const north = asNumber(latitude ?? lat)
  const east = asNumber(longitude ?? long ?? lng ?? lon)
  return north === undefined || east === undefined ? undefined : `${north} & ${east}`
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Not JSON, so an object without coordinates.
    return {}
  }
}

function asNumber(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.length <= maxPairLength && single.test(value) ? value : undefined
}
