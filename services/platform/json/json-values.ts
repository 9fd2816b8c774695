const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const bracket = 0x5b
const brace = 0x7b

/**
 * Whether a JSON text has more than max values: texts, numbers, lists and objects. Each one takes about 50 bytes of
 * memory.
 */
export function hasMoreValuesThan(text: string, max: number): boolean {
  // Each value is counted by at least one character of its own.
  if (text.length <= max) return false
  let count = 0
  for (let at = 0; at < text.length && count <= max; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) at = endOfString(text, at)
    else if (unit === comma || unit === bracket || unit === brace) count++
  }
  return count > max
}

/** Index of the quote that ends the string starting at `start`; the text's length if there is none. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === backslash) at++
    else if (unit === quote) return at
  }
  return text.length
}
