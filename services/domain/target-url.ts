export type UrlPolicy = {
  /** Accepts http: and any port: for local use. */
  allowInsecureUrls: boolean
}

/**
 * What is wrong with a webhook's URL, or null: the same verdict at the API and at dispatch (guarantees.md, 29).
 * Where the host leads is judged when its address is known, at the connection.
 */
export function urlProblem(text: string, { allowInsecureUrls }: UrlPolicy): string | null {
  const url = URL.parse(text)
  if (!url) return 'is not a URL'
  if (url.protocol !== 'https:' && !(allowInsecureUrls && url.protocol === 'http:')) return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password'
  if (url.hostname === '') return 'has no host'
  // URL drops a scheme's standard port: one that is left is another one.
  if (url.port !== '' && !allowInsecureUrls) return 'must use the standard port'
  return null
}
