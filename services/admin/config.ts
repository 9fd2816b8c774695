import Type from 'typebox'
import { languages } from '../domain/definition/definition-values.ts'
import { connectionRules, together } from '../platform/config/connection-variables.ts'
import { optionalHttpUrl, optionalMailAddress, optionalSmtpUrl, origin } from '../platform/config/variable-checks.ts'
import {
  authVariables,
  keyRingVariables,
  proxyVariables,
  serviceVariables,
  streamVariables,
  targetVariables,
} from '../platform/config/variables.ts'
import { resendVariables } from '../topics/settings/retention.ts'
import { generationVariable } from '../topics/stats-generation.ts'

export const adminConfig = Type.Object(
  {
    ...serviceVariables(8080),
    ...streamVariables,
    ...generationVariable,
    ...resendVariables,
    ...authVariables,
    ...keyRingVariables,
    ...targetVariables,
    ...proxyVariables,
    HOOKLINE_PUBLIC_URL: Type.String({
      default: '',
      description:
        'URL of the console in browsers, such as https://hooks.example.com; if empty, the host named in each request',
      ...origin,
    }),
    HOOKLINE_BROWSER_SESSION_MS: Type.Integer({
      default: 8 * 3_600_000,
      minimum: 60_000,
      maximum: 24 * 3_600_000,
      description: "duration of a browser's session, in milliseconds; a revoked role lasts no longer than that",
    }),
    HOOKLINE_RATE_LIMIT_PER_MINUTE: Type.Integer({
      default: 6_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'maximum requests of one identity a minute, for each instance; more get 429',
    }),
    HOOKLINE_FAILED_LOGINS_PER_MINUTE: Type.Integer({
      default: 120,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'maximum requests of one address with a bad token or session a minute, for each instance; more get 429',
    }),
    HOOKLINE_OIDC_ISSUER_URL: Type.String({
      default: '',
      description: 'OpenID provider through which people sign in; its ID tokens hold role, permissions and businessId',
      ...optionalHttpUrl,
    }),
    HOOKLINE_OIDC_CLIENT_ID: Type.String({ default: '', description: 'client id at the OpenID provider' }),
    HOOKLINE_OIDC_CLIENT_SECRET: Type.String({
      default: '',
      description: 'client secret at the OpenID provider; empty for a public client',
      secret: true,
    }),
    HOOKLINE_OIDC_SCOPE: Type.String({
      default: 'openid profile',
      description: 'scope requested from the OpenID provider, for the claims',
    }),
    HOOKLINE_SMTP_URL: Type.String({
      default: '',
      description: 'SMTP server that mails alerts; if empty, none are mailed. With ?requireTLS=true, only over TLS',
      secret: true,
      ...optionalSmtpUrl,
    }),
    HOOKLINE_SMTP_FROM: Type.String({
      default: '',
      description: 'address that alerts are mailed from',
      ...optionalMailAddress,
    }),
    HOOKLINE_ALERT_LANGUAGE: Type.Enum([...languages], {
      default: 'en',
      description: 'language of alerts of accounts that choose none',
    }),
  },
  { rules: [...connectionRules, together('HOOKLINE_SMTP_URL', 'HOOKLINE_SMTP_FROM')] },
)
