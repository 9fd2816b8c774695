import { isHeaderValue } from '../../domain/definition/custom-headers.ts'

/** A header's name (RFC 9110, 5.6.2). */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Headers that say where a request ends or to whom it goes: a second one of them would be request smuggling. */
const ownNames = /^(?:host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer)$/i
const target = /^\/[\x21-\x7e]*$/

/** A request as it is written: its head in Latin-1, then its body. */
export type RequestBytes = { head: string; body: Buffer }

export type EncodedRequest = { ok: true; request: RequestBytes } | { ok: false; problem: string }

/**
 * Encodes a POST.
 * @param host as in the URL, with its port if it is not the scheme's default.
 * @param headers flat list of names and values.
 * @returns the problem, without any value: it is shown to the customer.
 */
export function encodeRequest(host: string, path: string, headers: readonly string[], body: Buffer): EncodedRequest {
  if (!target.test(path)) return { ok: false, problem: 'path of the URL cannot be sent' }
  let head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    if (!token.test(name) || ownNames.test(name)) return { ok: false, problem: 'name of a header cannot be sent' }
    if (!isHeaderValue(value)) return { ok: false, problem: `invalid ${name} header: it has a forbidden character` }
    head += `${name}: ${value}\r\n`
  }
  head += `content-length: ${body.length}\r\n\r\n`
  return { ok: true, request: { head, body } }
}
