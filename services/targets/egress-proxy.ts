import type { LookupAddress } from 'node:dns'
import { connect, isIPv6, type Socket } from 'node:net'

/** Time limit for the proxy to take a connection: shorter than the shortest time limit of a webhook. */
const connectMs = 900
/** Maximum bytes of its answer to CONNECT. */
const answerBytes = 8_192
/** Maximum addresses of one name that are tried, one after another. */
const maxAddresses = 8
/** Wait after a fault of the proxy, in which nothing is sent. */
const pauseMs = 1_000

/** The proxy's own fault: nobody's failed attempt (docs/decisions/0031-faults-on-the-way.md). */
export class ProxyError extends Error {
  override name = 'ProxyError'
}

export type ProxyAddress = { host: string; port: number; username: string; password: string }

export type ProxyVariables = {
  HOOKLINE_EGRESS_PROXY_URL: string
  HOOKLINE_EGRESS_PROXY_USERNAME: string
  HOOKLINE_EGRESS_PROXY_PASSWORD: string
}

/** @returns null without a proxy. */
export function readProxyAddress(config: ProxyVariables): ProxyAddress | null {
  if (config.HOOKLINE_EGRESS_PROXY_URL === '') return null
  const { hostname, port } = new URL(config.HOOKLINE_EGRESS_PROXY_URL)
  const { HOOKLINE_EGRESS_PROXY_USERNAME: username, HOOKLINE_EGRESS_PROXY_PASSWORD: password } = config
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), username, password }
}

/**
 * The HTTP proxy through which all requests leave (CONNECT: RFC 9110, 9.3.6). It gets addresses, never names, so that
 * the checked address is the one that is connected to.
 */
export class EgressProxy {
  readonly #address: ProxyAddress
  readonly #nowMs: () => number
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(address: ProxyAddress, nowMs: () => number) {
    this.#address = address
    this.#nowMs = nowMs
  }

  /** Milliseconds for which nothing is to be sent; 0 unless the proxy has just failed. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#nowMs())
  }

  /**
   * Opens a tunnel to the first of the addresses that the proxy reaches.
   * @param done called once, with a ProxyError if the proxy itself has failed.
   * @returns a function that gives up.
   */
  connect(
    addresses: readonly LookupAddress[],
    port: number,
    done: (error: Error | null, socket?: Socket) => void,
  ): () => void {
    const remaining = addresses.slice(0, maxAddresses)
    let giveUp = () => {}
    const next = (last: Error) => {
      const address = remaining.shift()
      if (address === undefined) return done(last)
      giveUp = this.#tunnel(address.address, port, (error, socket) => {
        if (socket) return done(null, socket)
        if (!(error instanceof ProxyError)) return next(error ?? last)
        this.#pausedUntilMs = this.#nowMs() + pauseMs
        done(error)
      })
    }
    next(new Error('host has no address'))
    return () => giveUp()
  }

  #tunnel(address: string, port: number, done: (error: Error | null, socket?: Socket) => void): () => void {
    const { host, port: proxyPort, username, password } = this.#address
    const socket = connect({ host, port: proxyPort, noDelay: true })
    let answer = Buffer.alloc(0)
    const timer = setTimeout(() => fail(new ProxyError(`it takes no connection within ${connectMs} ms`)), connectMs)
    const stop = () => {
      clearTimeout(timer)
      socket.removeAllListeners()
      // A socket without a listener for its errors would end the process.
      socket.on('error', () => {})
    }
    const fail = (error: Error) => {
      stop()
      socket.destroy()
      done(error)
    }
    socket.once('connect', () => {
      clearTimeout(timer)
      const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`
      const basic = Buffer.from(`${username}:${password}`).toString('base64')
      const login = username === '' ? '' : `proxy-authorization: Basic ${basic}\r\n`
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${login}\r\n`, 'latin1')
    })
    socket.on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0 && answer.length <= answerBytes) return
      const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer.toString('latin1', 0, 16))?.[1] ?? 0)
      if (status < 200 || status >= 300 || end < 0) return fail(readRefusal(status))
      stop()
      socket.pause()
      const rest = answer.subarray(end + 4)
      if (rest.length > 0) socket.unshift(rest)
      done(null, socket)
    })
    socket.on('error', (error) => fail(new ProxyError(error.message)))
    socket.on('close', () => fail(new ProxyError('it has closed the connection')))
    return () => {
      stop()
      socket.destroy()
    }
  }
}

/** 407 and what is not HTTP are the proxy's own matters; any other status says that the address cannot be reached. */
function readRefusal(status: number): Error {
  if (status === 0) return new ProxyError('its answer is not HTTP')
  if (status === 407) return new ProxyError('it refuses the user and password (407)')
  return new Error(`egress proxy answered ${status}`)
}
