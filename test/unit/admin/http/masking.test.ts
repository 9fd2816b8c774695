import { expect, test } from 'vitest'
import { attempt } from '../replay/replay-support.ts'
import { definition, secretOf } from '../support.ts'
import { createRoutesWorld, people } from './routes-world.ts'

test('the query of a URL is shown to those who may change the webhook, and masked for everybody else', async () => {
  const { server, seed } = await createRoutesWorld()
  seed(definition({ secret: secretOf('x'), url: 'https://shop.example/hooks?token=abc' }))
  const shownTo = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const get = (url: string) => server.inject({ method: 'GET', url: `/api/v1/businesses/b1/webhooks${url}`, headers })
    return [(await get('/wh_a')).json().url, (await get('')).json().webhooks[0].url]
  }
  people.changer = { subject: 'c', role: 'editor', permissions: ['webhooks:read', 'webhooks:write'], businessId: 'b1' }
  const [open, masked] = ['https://shop.example/hooks?token=abc', 'https://shop.example/hooks?token=***']
  expect(await shownTo('super')).toEqual([open, open])
  expect(await shownTo('changer')).toEqual([open, open])
  expect(await shownTo('reader')).toEqual([masked, masked])
})

test('a URL that was copied masked is refused, so that it does not replace a token', async () => {
  const { server, seed } = await createRoutesWorld()
  seed(definition({ secret: secretOf('x'), url: 'https://shop.example/hooks?token=abc' }))
  const put = async (method: 'PATCH' | 'PUT', path: string, payload: object) =>
    server.inject({
      method,
      url: `/api/v1/businesses/b1/${path}`,
      headers: { authorization: 'Bearer super', 'if-match': '*' },
      payload,
    })
  const masked = 'https://shop.example/hooks?token=***'
  const answers = [
    await put('PATCH', 'webhooks/wh_a', { url: masked }),
    await put('PATCH', 'webhooks/wh_a', { oauth2: { tokenUrl: masked, clientId: 'a', clientSecret: 'b' } }),
    await put('PUT', 'account', { webhooksEnabled: true, alerts: { urls: [masked] } }),
  ]
  expect(
    answers.map((one) => one.json().errors?.map(({ field, code }: Record<string, string>) => [field, code])),
  ).toEqual([[['url', 'url-masked']], [['oauth2.tokenUrl', 'url-masked']], [['alerts.urls.0', 'url-masked']]])
})

test('answers are masked for a viewer without webhooks:bodies, as JSON and as rows', async () => {
  const { server, seed } = await createRoutesWorld()
  seed(definition({ secret: secretOf('x') }))
  const shownTo = async (token: string) => {
    const get = async (path: string) => {
      const url = `/api/v1/businesses/b1/webhooks/wh_a/${path}`
      return (await server.inject({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })).body
    }
    const list = JSON.parse(await get('attempts'))
    return [list.attempts[0].contactId, JSON.parse(await get('export/attempts?format=ndjson')).contactId]
  }
  const { contactId } = attempt('d1')
  expect(await shownTo('super')).toEqual([contactId, contactId])
  expect(await shownTo('reader')).toEqual(['***', '***'])
})
