import { request as requestHttp } from 'node:http'
import type { Socket } from 'node:net'
import {
  GrantError,
  grantToken,
  type SendTokenRequest,
  type TokenAnswer,
} from '../../../platform/connection/client-grant.ts'
import type { Clock } from '../../../platform/runtime/clock.ts'
import { AddressError } from '../names/checked-addresses.ts'
import { asError, TimeLimitError } from '../unreachable.ts'
import type { EndpointCredentials, RequestToken, TokenResult } from './endpoint-tokens.ts'

/** Time limit of a request for a token, connecting included. */
const timeoutMs = 10_000
/** Maximum bytes read of an answer. */
const answerBytes = 65_536

/** Opens a connection to an origin, with the same checks as for webhooks. @returns a function that gives up. */
export type OpenSocket = (
  origin: string,
  { owner, trusted }: Pick<EndpointCredentials, 'owner' | 'trusted'>,
  done: (error: Error | null, socket?: Socket) => void,
) => () => void

/** Requests tokens from the token endpoints of webhooks (RFC 6749, 4.4), over separate connections. */
export function tokenRequester(open: OpenSocket, clock: Pick<Clock, 'nowMs'>): RequestToken {
  return (credentials, done) => {
    let status = 0
    const send: SendTokenRequest = async (url, request) => {
      const answer = await post(open, url, credentials, request)
      status = answer.status
      return answer
    }
    grantToken(credentials, send, clock.nowMs).then(
      (token) => done({ kind: 'token', token }),
      (error: unknown) => done(judge(asError(error), status)),
    )
  }
}

/**
 * Judges a failed request for a token. Refused credentials are their owner's to correct. Faults that pass by themselves
 * are waited for: no answer, 408, 425, 429, 5xx, and also a 2xx without a token, because a proxy may have answered in
 * the server's place.
 */
function judge(error: Error, status: number): TokenResult {
  if (error instanceof AddressError) return { kind: 'forbidden', detail: `token endpoint: ${error.message}` }
  const isFinal = status >= 300 && status < 500 && ![408, 425, 429].includes(status)
  if (error instanceof GrantError && isFinal)
    return { kind: 'refused', detail: `token endpoint answered ${status}: ${error.message}` }
  const what = status === 0 ? error.message : `answered ${status}`
  return { kind: 'away', reason: `token endpoint is unavailable: ${what}` }
}

function post(
  open: OpenSocket,
  url: string,
  credentials: EndpointCredentials,
  { method, headers, body }: Parameters<SendTokenRequest>[1],
): Promise<TokenAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TokenAnswer>()
  const { origin, host, pathname, search } = new URL(url)
  let socket: Socket | undefined
  const giveUp = open(origin, credentials, (error, opened) => {
    if (!opened) return reject(error ?? new Error('not connected'))
    socket = opened
    const request = requestHttp({
      createConnection: () => opened,
      method,
      path: pathname + search,
      headers: { ...headers, host, 'content-length': Buffer.byteLength(body), connection: 'close' },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > answerBytes) reject(new Error(`answer is longer than ${answerBytes} bytes`))
        else parts.push(part)
      })
      response.on('error', reject)
      response.on('end', () => {
        const contentType = response.headers['content-type'] ?? ''
        resolve({ status: response.statusCode ?? 0, contentType, body: Buffer.concat(parts).toString('utf8') })
      })
    })
    request.end(body)
  })
  const timer = setTimeout(() => reject(new TimeLimitError(`no answer within ${timeoutMs} ms`)), timeoutMs)
  return promise.finally(() => {
    clearTimeout(timer)
    giveUp()
    socket?.destroy()
  })
}
