import type { Language } from '../../domain/definition/definition-values.ts'
import { type AlertNotice, alertText } from './alert-texts.ts'

/** Format of an alert that the receiver at a URL expects. */
type AlertForm = 'slack' | 'teams' | 'json'

const slackHosts = ['hooks.slack.com', 'hooks.slack-gov.com']
/** Hosts of incoming webhooks, and of the workflows that replace them. */
const teamsHosts = ['.webhook.office.com', '.logic.azure.com', '.api.powerplatform.com']

export function chooseForm(url: string): AlertForm {
  const host = URL.parse(url)?.hostname ?? ''
  if (slackHosts.includes(host)) return 'slack'
  return teamsHosts.some((end) => host.endsWith(end)) ? 'teams' : 'json'
}

/** JSON body of the request that sends an alert to a URL. */
export function alertBody(notice: AlertNotice, url: string, language: Language): string {
  const { title, body } = alertText(notice, language)
  switch (chooseForm(url)) {
    case 'slack':
      // Incoming webhooks refuse unknown fields. These three characters are markup in their texts.
      return JSON.stringify({ text: escapeSlack(`*${title.replaceAll('*', ' ')}*\n${body}`) })
    case 'teams':
      return JSON.stringify({
        type: 'message',
        attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: adaptiveCard(title, body) }],
      })
    case 'json':
      return JSON.stringify(toJson(notice, `${title}\n${body}`))
  }
}

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Adaptive card with text runs, which are shown unchanged; a TextBlock would interpret Markdown. */
function adaptiveCard(title: string, body: string): object {
  const line = (text: string, more: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...more }],
  })
  return {
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      line(title, { weight: 'bolder' }),
      ...body
        .split('\n')
        .filter(Boolean)
        .map((text) => line(text)),
    ],
  }
}

/** Fields for a receiver of JSON. Keys that do not apply are absent, as in notifications. */
function toJson(notice: AlertNotice, text: string): object {
  const { alertId, kind, at, since, businessId, webhookId, webhookName, cause, status, waitedMs } = notice
  const facts = {
    type: 'alert',
    alertId,
    kind,
    at: new Date(at).toISOString(),
    since: since === null ? null : new Date(since).toISOString(),
    businessId,
    webhookId,
    webhookName,
    cause,
    status,
    waitedMs,
    text,
  }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))
}
