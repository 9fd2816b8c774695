import { describe, expect, test } from 'vitest'
import {
  chooseSample,
  noChoice,
  parseNotification,
  type TestChoice,
  toTestWish,
} from '../../../services/console/src/parts/tests/test-wish.ts'
import { definitionDefaults } from '../../../services/domain/definition/definition-values.ts'

const { events } = definitionDefaults

describe('the test of a webhook in the console', () => {
  test.each<[Partial<TestChoice>, object | null]>([
    [{}, { event: 'userMessages' }],
    [
      { event: 'button', chatChannelId: 'till' },
      { event: 'button', chatChannelId: 'till' },
    ],
    [{ chatPlatform: 'whatsapp' }, { event: 'userMessages', chatPlatform: 'whatsapp' }],
    [{ event: 'button', edited: '{"type":"status"}' }, { notification: { type: 'status' } }],
    [{ edited: '{"type":' }, null],
  ])('the choice %j is the request %j', (choice, wish) => {
    expect(toTestWish({ ...noChoice, ...choice }, events)).toEqual(wish)
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
