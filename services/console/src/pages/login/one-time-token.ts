/** Reads the token from a pasted one-time link, or from the token alone. */
export function readToken(pasted: string): string {
  const text = pasted.trim()
  const hash = text.indexOf('#')
  return hash < 0 ? text : text.slice(hash + 1)
}

/** Address that starts the organisation's login and then returns to the current page. */
export function oidcPath({ pathname, search }: { pathname: string; search: string }): string {
  const returnTo = pathname === '/login' ? '/' : pathname + search
  return `/api/v1/auth/login?returnTo=${encodeURIComponent(returnTo)}`
}
