import { endOfString } from '../../platform/json/json-values.ts'

/** JSON text of {"events":[...]} taken apart: `outer` has a 0 in place of each element of a list directly in the object. */
export type JsonParts = { outer: string; elements: string[] }

const quote = 0x22
const comma = 0x2c
const bracket = 0x5b
const closingBracket = 0x5d
const brace = 0x7b
const closingBrace = 0x7d

/** Of the lists that are taken apart: in the outer object. */
const listDepth = 2

/**
 * Takes a JSON object with a list apart without parsing it, so that the elements can be parsed one by one: parsed as a
 * whole, 4 MB of the worst shape stopped the event loop for 400 ms and took 120 MB. Where the outer text and every element
 * are JSON, so was the whole.
 * @returns null where there are more elements than that.
 */
export function splitList(text: string, maxElements: number): JsonParts | null {
  const elements: string[] = []
  const outer: string[] = []
  let depth = 0
  let isInList = false
  /** Where the present element, or the present part of the outer text, began. */
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) at = endOfString(text, at)
    else if (unit === bracket || unit === brace) {
      depth++
      if (depth !== listDepth || unit === brace) continue
      isInList = true
      outer.push(text.slice(start, at + 1))
      start = at + 1
    } else if (unit === closingBracket || unit === closingBrace || unit === comma) {
      if (isInList && depth === listDepth && unit !== closingBrace) {
        const element = text.slice(start, at)
        // An empty list has no element; any other blank is one that is not JSON.
        const isEmptyList = unit === closingBracket && text[start - 1] === '[' && element.trim() === ''
        if (!isEmptyList) {
          elements.push(element)
          outer.push('0')
          if (elements.length > maxElements) return null
        }
        outer.push(text.charAt(at))
        start = at + 1
      }
      if (unit !== comma) depth--
      if (depth < listDepth) isInList = false
    }
  }
  outer.push(text.slice(start))
  return { outer: outer.join(''), elements }
}
