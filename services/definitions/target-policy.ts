import { ConfigError } from '../platform/config/config.ts'
import { parseRanges } from './addresses.ts'
import type { UrlPolicy } from './target-url.ts'

/**
 * Where webhooks may lead, as the operator has set it: one reading for the API and for the dispatcher.
 * @throws ConfigError naming the range that is none.
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
