/** Cause of a failed TLS connection, as far as its error says. */
export type TlsFault =
  | 'unknown-issuer'
  | 'out-of-date'
  | 'wrong-name'
  /** The server asks for a client certificate, or does not accept the one it got. */
  | 'client-certificate'
  | 'not-tls'

const unknownIssuer = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
])

export function classifyTlsFault({
  message,
  code = '',
}: {
  message: string
  code?: string | undefined
}): TlsFault | null {
  if (unknownIssuer.has(code)) return 'unknown-issuer'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'out-of-date'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'wrong-name'
  if (/_ALERT_.*(?:CERTIFICATE|_CA$)/.test(code)) return 'client-certificate'
  if (/wrong version number|packet length too long|before secure TLS connection was established/i.test(message))
    return 'not-tls'
  return null
}

/** An OpenSSL error without thread, library and source file: "error:0A00045C:SSL routines:ssl3_read_bytes:...". */
export function plainTlsMessage(message: string): string {
  const [, reason] = /^(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/i.exec(message) ?? []
  // Node appends an advice for its own command line.
  return reason ?? message.split('; if the root CA')[0] ?? message
}
