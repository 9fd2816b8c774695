/** An operation of admin's OpenAPI document. */
export type Operation = { operationId: string; method: string; path: string }

/** All operations except those that begin a session, which are open to everybody. */
export async function readOperations(adminUrl: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${adminUrl}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string; security?: unknown[] }>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security?.length !== 0)
      .map(([method, { operationId }]) => ({ operationId, method: method.toUpperCase(), path })),
  )
}

/** Requests it for this business; all other parameters name nothing that exists. @returns the status. */
export async function statusOf(
  adminUrl: string,
  { method, path }: Operation,
  businessId: string,
  headers: Record<string, string>,
  body: object = {},
): Promise<number> {
  const url = adminUrl + path.replace('{businessId}', businessId).replaceAll(/\{\w+\}/g, 'unknown')
  const withBody = method === 'GET' || method === 'DELETE' ? {} : { body: JSON.stringify(body) }
  const type = 'body' in withBody ? { 'content-type': 'application/json' } : {}
  const response = await fetch(url, { method, headers: { ...type, 'if-match': '*', ...headers }, ...withBody })
  await response.body?.cancel()
  return response.status
}

/** Begins a session as the console does. @returns the headers of its requests. */
export async function signIn(loginUrl: string): Promise<{ cookie: string; 'x-csrf-token': string }> {
  const { origin, hash } = new URL(loginUrl)
  const response = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: hash.slice(1) }),
  })
  const { csrfToken } = (await response.json()) as { csrfToken: string }
  const [cookie = ''] = response.headers.getSetCookie()
  return { cookie: cookie.split(';')[0] ?? '', 'x-csrf-token': csrfToken }
}
