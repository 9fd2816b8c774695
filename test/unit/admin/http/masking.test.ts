import { expect, test } from 'vitest'
import { attempt } from '../replay/replay-support.ts'
import { definition, secretOf } from '../support.ts'
import { createRoutesWorld } from './routes-world.ts'

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
