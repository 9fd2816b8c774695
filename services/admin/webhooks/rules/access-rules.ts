import { toOrigin } from '../../../config-topics/sealed-values.ts'
import type { Draft } from '../../../domain/api/webhook.ts'
import { maskedValue } from '../../../domain/definition/definition-values.ts'
import type { EndpointOAuth2, EndpointTls } from '../../../domain/definition/endpoint-access.ts'
import type { Problem } from '../../../platform/json/json-schema.ts'
import { certificateProblem, pairProblem } from '../../../targets/tls-identity.ts'
import { refusal } from '../refusal.ts'
import type { DraftRules } from './draft-rules.ts'
import { writtenUrlProblem } from './url-rules.ts'

/** Problems of a draft's certificates and client credentials, beyond their shape. */
export function accessProblems({ url, tls, oauth2 }: Draft, rules: DraftRules): Problem[] {
  const { stored, written } = rules
  const isMoved = stored !== null && toOrigin(stored.url) !== toOrigin(url)
  return [
    ...(tls && written.has('tls') ? tlsProblems(tls, stored?.tls) : []),
    ...(tls?.key === maskedValue && isMoved ? [refusal('tls.key', 'secret-moved')] : []),
    ...(oauth2 ? oauth2Problems(oauth2, rules, isMoved) : []),
  ]
}

function tlsProblems({ ca, certificate, key }: EndpointTls, stored: EndpointTls | undefined): Problem[] {
  if (ca !== undefined && certificateProblem(ca)) return [refusal('tls.ca', 'tls-certificate')]
  if (certificate === undefined && key === undefined) return []
  if (certificate === undefined) return [refusal('tls.certificate', 'tls-pair')]
  if (key === undefined) return [refusal('tls.key', 'tls-pair')]
  if (certificateProblem(certificate)) return [refusal('tls.certificate', 'tls-certificate')]
  if (key !== maskedValue) return pairProblem(certificate, key) ? [refusal('tls.key', 'tls-key')] : []
  if (stored?.key === undefined) return [refusal('tls.key', 'secret-not-stored')]
  // Only the stored certificate is known to belong to the stored key.
  return certificate === stored.certificate ? [] : [refusal('tls.key', 'tls-key-again')]
}

function oauth2Problems(oauth2: EndpointOAuth2, rules: DraftRules, isMoved: boolean): Problem[] {
  const { tokenUrl, clientSecret } = oauth2
  const stored = rules.stored?.oauth2
  const code = rules.written.has('oauth2') ? writtenUrlProblem(tokenUrl, rules) : null
  const bad = code === null ? [] : [refusal('oauth2.tokenUrl', code)]
  if (clientSecret !== maskedValue) return bad
  if (!stored) return [...bad, refusal('oauth2.clientSecret', 'secret-not-stored')]
  const goesElsewhere = isMoved || toOrigin(stored.tokenUrl) !== toOrigin(tokenUrl)
  return goesElsewhere ? [...bad, refusal('oauth2.clientSecret', 'secret-moved')] : bad
}
