import { ConfigError } from '../platform/config/config.ts'
import { parseRanges } from './blocked-addresses.ts'
import type { UrlPolicy } from './target-url.ts'

/**
 * Where webhooks may lead, as set by the operator; the API and the dispatcher read it alike.
 * @throws ConfigError naming the invalid range.
 */
export function targetPolicy(config: {
  HOOKLINE_ALLOW_INSECURE_URLS: boolean
  HOOKLINE_ALLOWED_ADDRESSES: string
}): UrlPolicy {
  const parsed = parseRanges(config.HOOKLINE_ALLOWED_ADDRESSES)
  if (!parsed.ok) {
    const wrong = JSON.stringify(parsed.wrong)
    throw new ConfigError(`HOOKLINE_ALLOWED_ADDRESSES holds ${wrong}; allowed: CIDRs such as 127.0.0.0/8,::1/128`)
  }
  return { allowInsecureUrls: config.HOOKLINE_ALLOW_INSECURE_URLS, allowedAddresses: parsed.ranges }
}
