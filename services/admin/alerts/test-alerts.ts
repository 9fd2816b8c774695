import { randomUUID } from 'node:crypto'
import type { TestAlertResults } from '../../domain/api/alerts.ts'
import type { AlertAddresses, WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Language } from '../../domain/definition/definition-values.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { noAddresses } from './alert-addresses.ts'
import type { SendMail } from './alert-mail.ts'
import type { AlertSender } from './alert-sender.ts'
import type { AlertNotice } from './alert-texts.ts'

export type TestAlertsDeps = {
  sender: Pick<AlertSender, 'post'>
  sendMail: SendMail | null
  /** Language for accounts that name none. */
  language: Language
  clock: Pick<Clock, 'nowMs'>
}

type Results = TestAlertResults['results']

/** Sends test alerts: one to each address, immediately, without using the topic. */
export class TestAlerts {
  readonly #deps: TestAlertsDeps

  constructor(deps: TestAlertsDeps) {
    this.#deps = deps
  }

  /** @param signer webhook whose secret signs; null for none. */
  async send(
    businessId: string,
    addresses: AlertAddresses = noAddresses,
    signer: WebhookDefinition | null,
  ): Promise<Results> {
    const { sender, clock } = this.#deps
    const language = addresses.language ?? this.#deps.language
    const facts = { since: null, cause: null, status: null, waitedMs: null, consoleUrl: null }
    const about = { businessId, webhookId: signer?.id ?? null, webhookName: signer?.name ?? '' }
    const alertId = `alert_test_${randomUUID()}`
    const notice: AlertNotice = { alertId, kind: 'test', at: clock.nowMs(), ...facts, ...about }
    const posted = addresses.urls.map(async (url) => {
      const sent = await sender.post(url, { notice, language, definition: signer })
      return [{ address: url, sent: sent.kind === 'sent', reason: sent.kind === 'sent' ? null : sent.reason }]
    })
    const results = await Promise.all([this.#mail(notice, addresses.emails, language), ...posted])
    return results.flat()
  }

  /** One mail to all. */
  async #mail(notice: AlertNotice, emails: readonly string[], language: Language): Promise<Results> {
    const { sendMail } = this.#deps
    if (emails.length === 0) return []
    const sent = await (sendMail?.(notice, emails, language) ?? notConfigured)
    const reason = sent.kind === 'sent' ? null : sent.reason
    return emails.map((address) => ({ address, sent: reason === null, reason }))
  }
}

const notConfigured = { kind: 'refused', reason: 'no SMTP server is configured' } as const
