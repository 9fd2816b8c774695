/** Rules for the custom headers of a definition. The API and the dispatcher apply the same ones. */

/**
 * Headers set by the dispatcher on each request (contract.md, section 3) or by HTTP itself (RFC 9110, 7.6.1; RFC 9112).
 */
const reservedNames = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])
const reservedPrefixes = ['webhook-', 'x-webhook-']

/**
 * Tab, visible US-ASCII, space and obs-text (RFC 9110, 5.5). CR, LF and NUL would end the header early (request
 * splitting).
 */
const allowedValue = /^[\t\x20-\x7e\x80-\xff]*$/

export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return reservedNames.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix))
}

export function isHeaderValue(value: string): boolean {
  return allowedValue.test(value)
}
