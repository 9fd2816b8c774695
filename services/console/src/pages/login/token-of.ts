/** The token of what was pasted: a one-time link, or the token alone. */
export function tokenOf(pasted: string): string {
  const text = pasted.trim()
  const hash = text.indexOf('#')
  return hash < 0 ? text : text.slice(hash + 1)
}

/** Where the login page of the organisation begins; it comes back to where the viewer is now. */
export function oidcPath({ pathname, search }: { pathname: string; search: string }): string {
  const returnTo = pathname === '/login' ? '/' : pathname + search
  return `/api/v1/auth/login?returnTo=${encodeURIComponent(returnTo)}`
}
