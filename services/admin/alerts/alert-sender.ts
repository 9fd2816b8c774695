import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { UrlPolicy } from '../../targets/target-url.ts'
import type { AdminMetrics } from '../metrics.ts'
import { type AddressDeps, type AddressedAlert, addressAlert, signingSecrets } from './alert-addresses.ts'
import { alertBody } from './alert-body.ts'
import type { AlertSent, SendMail } from './alert-mail.ts'
import type { AlertPost } from './alert-post.ts'
import type { AlertHandled } from './alert-taker.ts'

export type AlertSenderDeps = AddressDeps & {
  /** Resolves once store and accounts have everything that was written before the call. */
  caughtUp: () => Promise<void>
  /** Null where no SMTP server is configured. */
  sendMail: SendMail | null
  post: (post: AlertPost, policy: UrlPolicy) => Promise<AlertSent>
  keys: KeyRing
  policy: UrlPolicy
  metrics: Pick<AdminMetrics, 'alerts'>
  clock: Pick<Clock, 'nowMs' | 'sleep'>
  log: Pick<Logger, 'error' | 'warn'>
  stopping: AbortSignal
}

/**
 * Maximum age of an alert that is sent on. Older ones occur after a long time without admin, or with a newly configured
 * SMTP server.
 */
const maxAgeMs = 24 * 3_600_000
/** Wait before a mail is tried again. */
const mailAgainMs = 3_000
/** Waits between the tries of a URL. */
const postAgainMs = [1_000, 2_000]

/** Sends alerts to the addresses of their business. */
export class AlertSender {
  readonly #deps: AlertSenderDeps

  constructor(deps: AlertSenderDeps) {
    this.#deps = deps
  }

  /** Sends one mail; retries until the SMTP server accepts or refuses it. */
  async mail(alert: WebhookAlert): Promise<AlertHandled> {
    const { sendMail, metrics, clock, log, stopping } = this.#deps
    const addressed = await this.#address(alert, 'mail')
    if (!addressed || !sendMail || addressed.addresses.emails.length === 0) return 'done'
    const sent = await sendMail(addressed.notice, addressed.addresses.emails, addressed.language)
    const { alertId, businessId } = alert
    if (sent.kind === 'later') {
      log.warn({ alertId, businessId, reason: sent.reason }, 'the SMTP server did not accept an alert: trying again')
      await clock.sleep(mailAgainMs, stopping)
      return 'later'
    }
    metrics.alerts.inc({ channel: 'mail', result: sent.kind })
    if (sent.kind === 'refused') log.error({ alertId, businessId, reason: sent.reason }, 'an alert cannot be mailed')
    return 'done'
  }

  /** Posts to every URL. A URL that fails three times is skipped, so that it does not delay others' alerts. */
  async postAll(alert: WebhookAlert): Promise<AlertHandled> {
    const addressed = await this.#address(alert, 'url')
    if (!addressed) return 'done'
    const results = await Promise.all(addressed.addresses.urls.map((url) => this.#postPatiently(url, addressed)))
    return results.every((result) => result === 'done') ? 'done' : 'later'
  }

  /** Posts once. */
  post(
    url: string,
    {
      notice,
      language,
      definition,
    }: Pick<AddressedAlert, 'notice' | 'language'> & {
      definition: AddressedAlert['definition'] | null
    },
  ): Promise<AlertSent> {
    const { post, keys, policy, clock } = this.#deps
    const nowMs = clock.nowMs()
    const secrets = definition ? signingSecrets(definition, keys, nowMs) : []
    return post({ url, alertId: notice.alertId, body: alertBody(notice, url, language), secrets, nowMs }, policy)
  }

  async #postPatiently(url: string, addressed: AddressedAlert): Promise<AlertHandled> {
    const { metrics, clock, log, stopping } = this.#deps
    const { alertId, businessId } = addressed.notice
    let sent = await this.post(url, addressed)
    for (const waitMs of postAgainMs) {
      if (sent.kind !== 'later') break
      await clock.sleep(waitMs, stopping)
      if (stopping.aborted) return 'later'
      sent = await this.post(url, addressed)
    }
    const result = sent.kind === 'sent' ? 'sent' : 'refused'
    metrics.alerts.inc({ channel: 'url', result })
    // The URL may hold a token, so only its host is named.
    if (sent.kind !== 'sent')
      log.warn({ alertId, businessId, host: URL.parse(url)?.host, reason: sent.reason }, 'an alert could not be posted')
    return 'done'
  }

  /** @returns null for an alert that is not sent. */
  async #address(alert: WebhookAlert, channel: 'mail' | 'url'): Promise<AddressedAlert | null> {
    // A webhook that this instance does not know yet would count as gone, and its alert would be lost.
    await this.#deps.caughtUp()
    const addressed = addressAlert(alert, this.#deps)
    if (!addressed) return null
    if (this.#deps.clock.nowMs() - alert.at <= maxAgeMs) return addressed
    this.#deps.metrics.alerts.inc({ channel, result: 'expired' })
    return null
  }
}
