import got, { type Got } from 'got'
import type { TlsSettings } from './tls-settings.ts'

/** HTTP client whose connections use the given CA, client certificate and server name, and no others. */
export function httpClient(tls: TlsSettings): Got {
  return got.extend({
    retry: { limit: 0 },
    hooks: {
      beforeRequest: [
        (options) => {
          const { ca, cert, key, passphrase } = tls.material()
          Object.assign(options.https, {
            ...(ca !== undefined && { certificateAuthority: ca }),
            ...(cert !== undefined && { certificate: cert }),
            ...(key !== undefined && { key }),
            ...(passphrase !== undefined && { passphrase }),
            ...(tls.serverName !== '' && { serverName: tls.serverName }),
          })
        },
      ],
    },
  })
}
