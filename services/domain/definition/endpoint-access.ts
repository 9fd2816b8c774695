import Type, { type Static } from 'typebox'

/** Access to endpoints that do not trust everybody: by certificates, and by tokens of OAuth 2.0. */

/** Maximum characters of a PEM text: a few certificates. */
const maxPem = 16_384
const maxClientSecret = 2_000
/** Maximum characters of a sealed value of the longest plain one, in any key's name. */
const maxSealed = 24_000

/** @param isStored whether it is the form of the topic: secrets are sealed, and unknown properties are kept. */
export const tlsField = (isStored: boolean) => {
  const pem = (maxLength: number, description: string) =>
    Type.Optional(Type.String({ minLength: 1, maxLength, description }))
  return Type.Object(
    {
      ca: pem(
        maxPem,
        'Certificates (PEM) of the authorities that the endpoint is checked by, in place of the public ones. A token endpoint may have a certificate of these or of a public one.',
      ),
      certificate: pem(maxPem, 'Client certificate (PEM), with the certificates between it and its authority.'),
      key: pem(
        isStored ? maxSealed : maxPem,
        'Private key (PEM) of the client certificate, without a passphrase; write-only.',
      ),
    },
    { ...(isStored ? {} : { additionalProperties: false }), description: 'Certificates for requests to url.' },
  )
}

export const oauth2Field = (isStored: boolean) =>
  Type.Object(
    {
      tokenUrl: Type.String({ minLength: 1, maxLength: 2_048, description: 'Token endpoint, under the rules of url.' }),
      clientId: Type.String({ minLength: 1, maxLength: 500 }),
      clientSecret: Type.String({
        minLength: 1,
        maxLength: isStored ? maxSealed : maxClientSecret,
        description: 'Write-only. Sent to the token endpoint by HTTP Basic.',
      }),
      scope: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
    },
    {
      ...(isStored ? {} : { additionalProperties: false }),
      description:
        'Client credentials (RFC 6749, 4.4): each request has the header authorization with a token of the token endpoint.',
    },
  )

export type EndpointTls = Static<ReturnType<typeof tlsField>>
export type EndpointOAuth2 = Static<ReturnType<typeof oauth2Field>>
