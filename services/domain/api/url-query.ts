import { maskedValue } from '../definition/definition-values.ts'

/** The query of a URL, whose values are often tokens of the receiver. */

type Parts = { base: string; query: string | null; fragment: string | null }

/** The URL with each value of its query, and its fragment, masked. Names stay; one without a value may be a token itself. */
export function maskQuery(url: string): string {
  const { base, query, fragment } = split(url)
  const parameters = query?.split('&').map(maskParameter).join('&')
  return `${base}${parameters === undefined ? '' : `?${parameters}`}${fragment === null ? '' : `#${maskedValue}`}`
}

/** Whether a part of the URL is masked: it was copied from what somebody without the permission sees. */
export function hasMaskedQuery(url: string): boolean {
  const { query, fragment } = split(url)
  const values = query?.split('&').map((each) => each.slice(each.indexOf('=') + 1)) ?? []
  return [...values, fragment].includes(maskedValue)
}

function maskParameter(parameter: string): string {
  if (parameter === '') return ''
  const equals = parameter.indexOf('=')
  return equals === -1 ? maskedValue : `${parameter.slice(0, equals)}=${maskedValue}`
}

function split(url: string): Parts {
  const [whole, fragment] = cut(url, '#')
  const [base, query] = cut(whole, '?')
  return { base, query, fragment }
}

function cut(text: string, mark: string): [string, string | null] {
  const at = text.indexOf(mark)
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}
