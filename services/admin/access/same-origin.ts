import { timingSafeEqual } from 'node:crypto'

/** Parts of a request that show whether the console's own page sent it. */
export type Provenance = {
  method: string
  host: string | undefined
  origin: string | undefined
  secFetchSite: string | undefined
  csrfToken: string | undefined
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/**
 * Reason why a request may not use the browser's session: another site's page sent it (Fetch Metadata, Origin), or it
 * changes something without the token that only the console's own page can read. The cookie's SameSite=Strict is the first
 * defence, this is the second. Own code: @fastify/csrf-protection compares the token only, and keeps its secret in a second
 * cookie or a session store.
 * @param publicOrigin origin at which browsers reach the console; empty for the host in the request.
 * @returns null if it may.
 */
export function foreignReason(request: Provenance, csrfToken: string | null, publicOrigin: string): string | null {
  const { method, host, origin, secFetchSite } = request
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none')
    return 'the request comes from the page of another site'
  if (origin !== undefined && !isOwn(origin, host, publicOrigin)) return 'the request comes from another origin'
  if (csrfToken === null || safeMethods.includes(method)) return null
  return isEqual(request.csrfToken ?? '', csrfToken) ? null : 'send the csrfToken of GET /session as x-csrf-token'
}

function isOwn(origin: string, host: string | undefined, publicOrigin: string): boolean {
  if (publicOrigin !== '') return origin === publicOrigin
  return URL.canParse(origin) && new URL(origin).host === host
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
