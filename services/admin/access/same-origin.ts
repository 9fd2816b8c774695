import { timingSafeEqual } from 'node:crypto'

/** What of a request tells whether a page of ours has sent it. */
export type Provenance = {
  method: string
  host: string | undefined
  origin: string | undefined
  secFetchSite: string | undefined
  csrfToken: string | undefined
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/**
 * Why a request may not use the browser's session: it comes from another site's page (Fetch Metadata, Origin), or it
 * changes something without the token that only our own page can have read. The cookie's SameSite=Strict is the first
 * defence and this the second. Own code: @fastify/csrf-protection compares the token only, and keeps its secret in a second
 * cookie or a session store.
 * @param publicOrigin where browsers reach the console; empty: the host that the request names.
 * @returns null when it may.
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
