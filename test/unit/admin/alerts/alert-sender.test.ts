import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import type { AlertSent } from '../../../../services/admin/alerts/alert-mail.ts'
import type { AlertPost } from '../../../../services/admin/alerts/alert-post.ts'
import { AlertSender, type AlertSenderDeps } from '../../../../services/admin/alerts/alert-sender.ts'
import { createAdminMetrics } from '../../../../services/admin/metrics.ts'
import { type AlertAddresses, sealContext } from '../../../../services/domain/definition/definition.ts'
import type { WebhookAlert } from '../../../../services/domain/stats/alert.ts'
import { definition, keys, nowMs, policy, secretOf, stillClock } from '../support.ts'

const sealed = (field: 'secret' | 'previousSecret', name: string) =>
  keys.seal(secretOf(name), sealContext({ businessId: 'b1', id: 'wh_a' }, field))
const webhook = definition({ secret: sealed('secret', 'new') })
const alert: WebhookAlert = {
  webhookId: 'wh_a',
  businessId: 'b1',
  alertId: 'alert_1',
  kind: 'failing',
  at: nowMs,
  since: null,
  cause: '5xx',
  status: 503,
  waitedMs: null,
}
const both: AlertAddresses = {
  emails: ['a@shop.example', 'b@shop.example'],
  urls: ['https://one.example/', 'https://two.example/'],
}
const failed: AlertSent = { kind: 'later', reason: 'no connection' }

function bench(addresses: AlertAddresses | null, deps: Partial<AlertSenderDeps> & { results?: AlertSent[] } = {}) {
  const mails: { to: readonly string[]; language: string }[] = []
  const posts: AlertPost[] = []
  const results = [...(deps.results ?? [])]
  const registry = new Registry()
  const next = (): AlertSent => results.shift() ?? { kind: 'sent' }
  const sender = new AlertSender({
    store: { get: () => ({ definition: webhook, offset: 0 }) as never },
    accounts: { get: () => (addresses ? { webhooksEnabled: true, alerts: addresses } : undefined) },
    caughtUp: async () => undefined,
    language: 'es',
    publicUrl: '',
    sendMail: async (_notice, to, language) => {
      mails.push({ to, language })
      return next()
    },
    post: async (post) => {
      posts.push(post)
      return next()
    },
    keys,
    policy,
    metrics: createAdminMetrics(registry),
    clock: { ...stillClock, sleep: async () => undefined },
    log: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
    ...deps,
  })
  const counted = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('hookline_admin_alerts_total{'))
  return { sender, mails, posts, counted }
}

describe('mails', () => {
  test('an alert is one mail to all addresses, in the language of the account', async () => {
    const { sender, mails, counted } = bench({ ...both, language: 'pt' })
    expect(await sender.mail(alert)).toBe('done')
    expect(mails).toEqual([{ to: both.emails, language: 'pt' }])
    expect(await counted()).toEqual(['hookline_admin_alerts_total{channel="mail",result="sent"} 1'])
  })

  test('an account that chooses no language gets the one of the installation', async () => {
    const { sender, mails } = bench(both)
    await sender.mail(alert)
    expect(mails[0]?.language).toBe('es')
  })

  test('a mail waits while the SMTP server does not take it, and is given up when it is refused', async () => {
    const { sender, mails } = bench(both, { results: [failed, { kind: 'refused', reason: 'no such user' }] })
    expect(await sender.mail(alert)).toBe('later')
    expect(await sender.mail(alert)).toBe('done')
    expect(mails).toHaveLength(2)
  })

  test.each([
    { case: 'the account has no addresses', addresses: null, deps: {} },
    { case: 'no SMTP server is configured', addresses: both, deps: { sendMail: null } },
    { case: 'the webhook is gone', addresses: both, deps: { store: { get: () => undefined } } },
    {
      case: 'the webhook belongs to another business now',
      addresses: both,
      deps: { store: { get: () => ({ definition: definition({ businessId: 'b2' }), offset: 0 }) as never } },
    },
    {
      case: 'it is older than a day',
      addresses: both,
      deps: { clock: { ...stillClock, nowMs: () => nowMs + 86_400_001 } },
    },
  ])('no mail and no request is sent when $case', async ({ addresses, deps }) => {
    const { sender, mails } = bench(addresses, deps)
    expect(await sender.mail(alert)).toBe('done')
    expect(mails).toEqual([])
    const posting = bench(addresses && { ...addresses, urls: deps.sendMail === null ? [] : addresses.urls }, deps)
    expect(await posting.sender.postAll(alert)).toBe('done')
    expect(posting.posts).toEqual([])
  })
})

test.each([
  ['mail', 'a@shop.example'],
  ['postAll', 'https://one.example/'],
] as const)(
  'an alert of a webhook and an account that were written at another instance is sent (%s)',
  async (way, to) => {
    const known = {
      entry: undefined as never,
      alerts: { emails: ['former@shop.example'], urls: ['https://former.example'] },
    }
    const { sender, mails, posts } = bench(null, {
      store: { get: () => known.entry },
      accounts: { get: () => ({ webhooksEnabled: true, alerts: known.alerts }) },
      caughtUp: async () => void Object.assign(known, { entry: { definition: webhook, offset: 0 }, alerts: both }),
    })
    expect(await sender[way](alert)).toBe('done')
    expect([...mails.flatMap((mail) => mail.to), ...posts.map(({ url }) => url)][0]).toBe(to)
  },
)

describe('requests', () => {
  test('an alert is posted to every URL, with its id and the same body', async () => {
    const { sender, posts } = bench(both)
    expect(await sender.postAll(alert)).toBe('done')
    expect(posts.map(({ url, alertId }) => [url, alertId])).toEqual(both.urls.map((url) => [url, 'alert_1']))
    expect(JSON.parse(posts[0]?.body ?? '')).toMatchObject({ kind: 'failing', webhookName: webhook.name })
  })

  test('a URL that fails three times is left out', async () => {
    const { sender, posts, counted } = bench(
      { emails: [], urls: ['https://one.example/'] },
      { results: [failed, failed, failed] },
    )
    expect(await sender.postAll(alert)).toBe('done')
    expect(posts).toHaveLength(3)
    expect(await counted()).toEqual(['hookline_admin_alerts_total{channel="url",result="refused"} 1'])
  })

  test('an alert that is being tried again when the process stops is left for the next one', async () => {
    const stop = new AbortController()
    const clock = { ...stillClock, sleep: async () => stop.abort() }
    const { sender } = bench(both, { results: [failed, failed], clock, stopping: stop.signal })
    expect(await sender.postAll(alert)).toBe('later')
  })

  test('the secrets that sign notifications sign alerts too, also during a rotation', async () => {
    const rotating = {
      ...webhook,
      previousSecret: sealed('previousSecret', 'old'),
      previousSecretUntil: new Date(nowMs + 1).toISOString(),
    }
    const { sender, posts } = bench(both, { store: { get: () => ({ definition: rotating, offset: 0 }) as never } })
    await sender.postAll(alert)
    expect(posts[0]?.secrets).toEqual([secretOf('new'), secretOf('old')])
    for (const secret of posts[0]?.secrets ?? []) expect(() => new Webhook(secret)).not.toThrow()
  })
})
