import { describe, expect, test } from 'vitest'
import { alertBody, chooseForm } from '../../../../services/admin/alerts/alert-body.ts'
import { alertText } from '../../../../services/admin/alerts/alert-texts.ts'
import { languages } from '../../../../services/domain/definition/definition-values.ts'
import { alertKinds } from '../../../../services/domain/stats/alert.ts'
import { nowMs } from '../support.ts'
import { notice } from './alert-notice.ts'

const every = languages.flatMap((language) => [...alertKinds, 'test' as const].map((kind) => ({ language, kind })))

describe('texts', () => {
  test.each(every)('an alert has a whole text in each language: $kind, $language', ({ language, kind }) => {
    const { title, body } = alertText(notice({ kind, since: nowMs - 120_000, waitedMs: 300_000 }), language)
    expect(`${title}\n${body}`).not.toMatch(/[{}]|undefined|null/)
    expect(title).not.toContain('\n')
    if (kind !== 'test') expect(title).toContain('Orders')
    expect(body).toContain('2026-03-01T12:00:00.000Z')
  })

  test.each([
    { fields: {}, text: 'The last one: HTTP 503.' },
    { fields: { status: null, cause: 'timeout' }, text: 'The last one: no answer in time.' },
    { fields: { status: null, cause: 'dns' }, text: 'The last one: the host was not found.' },
    { fields: { kind: 'behind', waitedMs: 301_000 }, text: 'wait for 5 minutes' },
    { fields: { kind: 'recovered', since: nowMs - 60_000 }, text: 'The problem lasted 1 minute.' },
    { fields: { consoleUrl: 'https://hooks.example/b/b1/webhooks/wh_a' }, text: 'Console: https://hooks.example/b/b1' },
  ] as const)('an alert says what happened: $text', ({ fields, text }) => {
    expect(alertText(notice(fields), 'en').body).toContain(text)
  })

  test('a name with a line break and braces stays on one line, as it is', () => {
    const { title } = alertText(notice({ webhookName: 'Orders\r\nBcc: {cause}' }), 'en')
    expect(title).toBe('Orders Bcc: {cause}: requests are failing')
  })
})

describe('bodies of requests', () => {
  test.each([
    { url: 'https://hooks.slack.com/services/T0/B0/x', form: 'slack' },
    { url: 'https://contoso.webhook.office.com/webhookb2/x', form: 'teams' },
    { url: 'https://prod-1.westeurope.logic.azure.com:443/workflows/x', form: 'teams' },
    { url: 'https://hooks.slack.com.shop.example/', form: 'json' },
    { url: 'https://shop.example/hooks.slack.com', form: 'json' },
  ])('an alert has the form that its receiver reads: $form for $url', ({ url, form }) => {
    expect(chooseForm(url)).toBe(form)
  })

  test('Slack gets a text whose markup characters are escaped', () => {
    const body = alertBody(notice({ webhookName: '<!channel> & *x*' }), 'https://hooks.slack.com/services/x', 'en')
    const { text, ...more } = JSON.parse(body)
    expect(more).toEqual({})
    expect(text.split('\n')[0]).toBe('*&lt;!channel&gt; &amp;  x : requests are failing*')
  })

  test('Teams gets an adaptive card of plain text', () => {
    const { type, attachments } = JSON.parse(alertBody(notice(), 'https://a.webhook.office.com/x', 'en'))
    expect(type).toBe('message')
    expect(attachments[0].contentType).toBe('application/vnd.microsoft.card.adaptive')
    expect(attachments[0].content.body[0].inlines).toEqual([
      { type: 'TextRun', text: 'Orders: requests are failing', weight: 'bolder' },
    ])
  })

  test('any other receiver gets the facts, without keys that do not apply, and the text', () => {
    const { text, ...facts } = JSON.parse(alertBody(notice(), 'https://shop.example/', 'en'))
    expect(facts).toEqual({
      type: 'alert',
      alertId: 'alert_1',
      kind: 'failing',
      at: '2026-03-01T12:00:00.000Z',
      businessId: 'b1',
      webhookId: 'wh_a',
      webhookName: 'Orders',
      cause: '5xx',
      status: 503,
    })
    expect(text).toMatch(/^Orders: requests are failing\nMore than half/)
  })
})
