import { isIP } from 'node:net'
import type { TlsSettings } from '../../connection/tls-settings.ts'

/** For tls.connect. */
export function tlsOptions(tls: TlsSettings, host: string, port: number) {
  const servername = tls.serverName || (isIP(host) === 0 ? host : '')
  return { host, port, secureContext: tls.context(), ...(servername !== '' && { servername }) }
}
