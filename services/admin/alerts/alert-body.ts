import type { Language } from '../../domain/definition/definition-values.ts'
import { type AlertNotice, alertText } from './alert-texts.ts'

/** How the receiver of a URL reads an alert. */
type AlertForm = 'slack' | 'teams' | 'json'

const slackHosts = ['hooks.slack.com', 'hooks.slack-gov.com']
/** Hosts of incoming webhooks and of workflows that take their place. */
const teamsHosts = ['.webhook.office.com', '.logic.azure.com', '.api.powerplatform.com']

export function formOf(url: string): AlertForm {
  const host = URL.parse(url)?.hostname ?? ''
  if (slackHosts.includes(host)) return 'slack'
  return teamsHosts.some((end) => host.endsWith(end)) ? 'teams' : 'json'
}

/** The body of the request that brings an alert to a URL, as JSON. */
export function alertBody(notice: AlertNotice, url: string, language: Language): string {
  const { title, body } = alertText(notice, language)
  switch (formOf(url)) {
    case 'slack':
      // Incoming webhooks refuse fields that they do not know. In text, these three characters are markup.
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

/** Text runs are shown as they are; a TextBlock would read Markdown in them. */
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

/** Keys that do not apply are absent, as in notifications. */
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
