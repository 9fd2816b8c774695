import { OAuth2Server } from 'oauth2-mock-server'

export type TokenServer = AsyncDisposable & {
  tokenUrl: string
  issuer: string
  jwksUrl: string
  /** Number of tokens issued. */
  issued(): number
}

export const audience = 'hookline-test'

/** An OAuth server on the loopback interface, for the client credentials of one client. */
export async function startTokenServer(
  client: { id: string; secret: string },
  lifetimeSeconds: number,
): Promise<TokenServer> {
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  let issued = 0
  const expected = `${client.id}:${client.secret}`
  server.service.on('beforeTokenSigning', ({ payload }) => {
    Object.assign(payload, { sub: client.id, aud: audience, exp: payload.iat + lifetimeSeconds })
  })
  server.service.on('beforeResponse', (response, request) => {
    if (basicLogin(request.headers.authorization) === expected) {
      issued++
      Object.assign(response.body, { expires_in: lifetimeSeconds })
    } else Object.assign(response, { statusCode: 401, body: { error: 'invalid_client' } })
  })
  const issuer = server.issuer.url ?? ''
  return {
    tokenUrl: `${issuer}/token`,
    issuer,
    jwksUrl: `${issuer}/jwks`,
    issued: () => issued,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Id and secret are encoded like fields of a form before they are joined (RFC 6749, 2.3.1). */
function basicLogin(authorization = ''): string {
  const login = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8')
  return decodeURIComponent(login.replaceAll('+', ' '))
}
