const decimal = String.raw`[+-]?\d+(?:\.\d+)?`
const pair = new RegExp(String.raw`^\s*\[?\s*(${decimal})\s*(?:[&,;]|\s)\s*(${decimal})\s*\]?\s*$`)

/**
 * The shared location as contract.md, section 2, wants it: "lat & long". Bot runtimes may write "lat & long", "lat, long",
 * "lat;long", "lat long", "[lat, long]", or the JSON object of WhatsApp's own API ({ "latitude": .., "longitude": .. }, also
 * lat with long, lng or lon). Digits stay as they were written.
 * @returns undefined for anything else: it has no two numbers to join.
 */
export function normaliseLocation(text: string): string | undefined {
  const match = pair.exec(text)
  if (match) return `${match[1]} & ${match[2]}`
  return text.trimStart().startsWith('{') ? fromJson(text) : undefined
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
    // Not JSON: an object without coordinates.
    return {}
  }
}

function asNumber(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && new RegExp(`^${decimal}$`).test(value) ? value : undefined
}
