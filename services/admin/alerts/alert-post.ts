import { type LookupAddress, lookup } from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import got from 'got'
import { Webhook } from 'standardwebhooks'
import { refusalMessages } from '../../domain/api/refusals.ts'
import { isAllowedAddress } from '../../targets/blocked-addresses.ts'
import type { EgressProxy } from '../../targets/egress-proxy.ts'
import { type UrlPolicy, urlProblem } from '../../targets/target-url.ts'
import type { AlertSent } from './alert-mail.ts'
import { tunnelAgents } from './tunnel-agents.ts'

const timeoutMs = 4_000

/**
 * Request that sends an alert to a URL. secrets: those of the webhook that currently sign; empty for an unsigned
 * request.
 */
export type AlertPost = { url: string; alertId: string; body: string; secrets: readonly string[]; nowMs: number }

/**
 * Posts an alert, by the rules for webhooks: no blocked address, no redirects, success is 2xx. Signed like a
 * notification, with the alert's id as `webhook-id`.
 * @param proxy null for direct connections.
 */
export async function postAlert(post: AlertPost, policy: UrlPolicy, proxy: EgressProxy | null): Promise<AlertSent> {
  const problem = urlProblem(post.url, policy)
  if (problem) return { kind: 'refused', reason: refusalMessages[problem] }
  const stream = got.stream.post(post.url, {
    body: post.body,
    headers: { 'content-type': 'application/json', 'user-agent': 'Hookline', ...signature(post) },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
    timeout: { request: timeoutMs },
    dnsLookup: checkedLookup(policy),
    ...(proxy && { agent: tunnelAgents(proxy, checkedLookup(policy)) }),
  })
  // The body of the answer is not read, because it may be endless.
  stream.on('error', () => {})
  try {
    const [{ statusCode = 0 }] = (await once(stream, 'response')) as [IncomingMessage]
    if (statusCode >= 200 && statusCode < 300) return { kind: 'sent' }
    const passes = statusCode >= 500 || statusCode === 429 || statusCode === 408
    return { kind: passes ? 'later' : 'refused', reason: `answered ${statusCode}` }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { kind: code === blocked ? 'refused' : 'later', reason: message }
  } finally {
    stream.destroy()
  }
}

function signature({ alertId, body, secrets, nowMs }: AlertPost): Record<string, string> {
  const at = new Date(nowMs)
  const signatures = secrets.map((secret) => new Webhook(secret).sign(alertId, at, body))
  return {
    'webhook-id': alertId,
    'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  }
}

const blocked = 'EADDRESSBLOCKED'
type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/** Refuses a name if any of its addresses is blocked, as for webhooks (guarantee 26). */
export function checkedLookup({ allowedAddresses }: UrlPolicy, resolve: typeof lookup = lookup) {
  return (hostname: string, options: object, done: LookupDone): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      if (!addresses.every(({ address }) => isAllowedAddress(address, allowedAddresses)))
        return done(Object.assign(new Error(refusalMessages['url-address']), { code: blocked }), [])
      if ('all' in options && options.all === true) return done(null, addresses)
      done(null, addresses[0]?.address ?? '', addresses[0]?.family)
    })
  }
}
