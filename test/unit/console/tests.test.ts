import { describe, expect, test } from 'vitest'
import { buildUrl } from '../../../services/console/src/api/build-url.ts'
import type { SeenChannels } from '../../../services/console/src/api/types.ts'
import {
  chooseSample,
  noChoice,
  parseNotification,
  type TestChoice,
  toTestWish,
} from '../../../services/console/src/parts/tests/test-wish.ts'
import { definitionDefaults } from '../../../services/domain/definition/definition-values.ts'

const { events } = definitionDefaults

const webhook = { events: definitionDefaults.events, channels: ['till', 'orders'] }
const seen: SeenChannels = {
  channels: [{ chatChannelId: 'orders', chatPlatform: 'whatsapp', lastSeenAt: '2026-03-01T12:00:00.000Z' }],
  searchedBackTo: null,
}

describe('the test of a webhook in the console', () => {
  test.each<[Partial<TestChoice>, object | null]>([
    [{}, { event: 'userMessages', chatChannelId: 'till' }],
    [
      { event: 'button', chatChannelId: 'gone' },
      { event: 'button', chatChannelId: 'till' },
    ],
    [{ chatChannelId: 'orders' }, { event: 'userMessages', chatChannelId: 'orders', chatPlatform: 'whatsapp' }],
    [{ chatPlatform: 'telegram' }, { event: 'userMessages', chatChannelId: 'till', chatPlatform: 'telegram' }],
    [{ event: 'button', edited: '{"type":"status"}' }, { notification: { type: 'status' } }],
    [{ edited: '{"type":' }, null],
  ])('the choice %j is the request %j', (choice, wish) => {
    expect(toTestWish({ ...noChoice, ...choice }, webhook, seen)).toEqual(wish)
  })

  test('the test of a webhook without channels has no channel', () => {
    expect(toTestWish(noChoice, { ...webhook, channels: [] }, undefined)).toEqual({ event: 'userMessages' })
  })

  test('what the webhook no longer receives gives way to what it does', () => {
    expect(chooseSample({ event: 'readStatus' }, events)).toBe('userMessages')
    expect(chooseSample({ event: 'readStatus' }, { ...events, readStatus: true })).toBe('readStatus')
  })

  test.each(['', '{', 'null', '[]', '"message"', '{"type":"other"}', '[{"type":"message"}]'])(
    'the text %j is no notification',
    (text) => expect(parseNotification(text)).toBeNull(),
  )
})

test('an address has each value of a list, a false one too, and no empty one', () => {
  const path = { businessId: 'b 1', id: 'wh' }
  const url = '/api/v1/businesses/b%201/webhooks'
  expect(buildUrl('createWebhook', { path, query: { moveChannels: ['a&b', 'c'] } })).toBe(
    `${url}?moveChannels=a%26b&moveChannels=c`,
  )
  expect(buildUrl('createWebhook', { path, query: { moveChannels: [] } })).toBe(url)
  const query = { test: false, cursor: '', limit: undefined }
  expect(buildUrl('listAttempts', { path, query })).toBe(`${url}/wh/attempts?test=false`)
})
