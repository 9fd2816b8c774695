import type { Outcome } from '../../domain/delivery/outcome.ts'
import { ProxyError } from '../../targets/egress-proxy.ts'
import { AddressError } from './names/checked-addresses.ts'
import { NameError } from './names/name-query.ts'

const detailChars = 300

/** The request took longer than timeoutMs. */
export class TimeLimitError extends Error {
  override name = 'TimeLimitError'
}

/** Converts the error of a request without an answer to its outcome; null for the egress proxy's own fault. */
export function toOutcome(error: Error, latencyMs: number): Outcome | null {
  if (error instanceof ProxyError) return null
  if (error instanceof AddressError) return { kind: 'rejected', reason: 'address', detail: error.message }
  return { kind: 'unreachable', reason: findReason(error), latencyMs, detail: describeError(error) }
}

/**
 * Step that failed, from the error's class, or from the codes of Node's dns, net and tls and of OpenSSL's certificate
 * check.
 */
function findReason(error: Error): 'timeout' | 'dns' | 'connect' | 'tls' {
  if (error instanceof NameError) return 'dns'
  if (error instanceof TimeLimitError) return 'timeout'
  const code = readCode(error)
  if (/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|EREFUSED)/.test(code)) return 'dns'
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO)/.test(code)) return 'tls'
  if (/^(CERT_|CRL_|CA_|EE_KEY|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_|PATH_LENGTH|HOSTNAME_MISMATCH)/.test(code))
    return 'tls'
  return 'connect'
}

/** Name and text of the error; a host with several addresses fails with one error for each. */
function describeError(error: Error): string {
  const message =
    error instanceof AggregateError ? error.errors.map(({ message }) => message).join('; ') : error.message
  const code = readCode(error)
  return (code === '' || message.includes(code) ? message : `${code}: ${message}`).slice(0, detailChars)
}

function readCode(error: Error): string {
  return (error as { code?: string }).code ?? ''
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
