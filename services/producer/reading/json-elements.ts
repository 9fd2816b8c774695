import { endOfString } from '../../platform/json/json-values.ts'

/**
 * JSON text of {"events":[...]} split into parts. `outer` has a 0 in place of each element of a list directly in the
 * object.
 */
export type JsonParts = { outer: string; elements: string[] }

const quote = 0x22
const comma = 0x2c
const bracket = 0x5b
const closingBracket = 0x5d
const brace = 0x7b
const closingBrace = 0x7d

/** Nesting depth of the lists that are split: directly in the outer object. */
const listDepth = 2

/**
 * Splits a JSON object with a list without parsing it, so that the elements can be parsed one by one. Parsed as a
 * whole, 4 MB of the worst shape blocked the event loop for 400 ms and took 120 MB. If the outer text and every element
 * are JSON, so is the whole.
 * @returns null if there are more than maxElements.
 */
export function splitList(text: string, maxElements: number): JsonParts | null {
  const elements: string[] = []
  const outer: string[] = []
  let depth = 0
  let isInList = false
  /** Start of the current element, or of the current part of the outer text. */
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
        // An empty list has no element; any other blank is an element that is not JSON.
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
