import { describe, expect, test } from 'vitest'
import { matchesQuery, readQuery } from '../../../../services/admin/lookup/query.ts'
import type { Event } from '../../../../services/domain/event/event.ts'
import { deliveryId } from '../../../../services/topics/delivery-id.ts'
import { message, messageEvent, statusEvent } from '../../../support/sample-events.ts'

const matches = (event: Event, typed: string, isOpen = true) =>
  matchesQuery(event, readQuery(typed, isOpen), () => ['wh_a', 'wh_b'])

const said = messageEvent({
  eventId: 'event-7',
  contactId: '+54 9 11 5555-0212',
  firstName: 'José',
  lastName: 'Núñez',
  messages: [
    message({ id: 'm-12', message: '¿Hacen envíos\n al Perú?', fromName: 'José' }),
    message({ id: 'm-13', message: null, caption: 'Mi dirección' }),
    message({ id: 'm-14', message: null, button: 'Ver menú' }),
  ],
})
const read = statusEvent({ eventId: 'event-8', messageId: 'm-99', status: 'read', clientPayload: '{"order":"A-17"}' })

describe('queries that name a message', () => {
  test.each([
    ['the whole contact', '+54 9 11 5555-0212'],
    ["the contact's digits alone", '5491155550212'],
    ['the last digits of the contact', '0212'],
    ['the last digits, written with blanks and hyphens', ' (11) 5555-02 12 '],
    ['its event id', 'event-7'],
    ['the id of any of its messages', 'm-13'],
    ['its webhook-id at any webhook', deliveryId(said, 'wh_b')],
    ['a part of a text', 'envíos al'],
    ['a part of a text without accents, in capitals', 'ENVIOS AL PERU'],
    ['a part of a text with more blanks than it has', ' al  perú '],
    ['a caption', 'mi direccion'],
    ["a button's label", 'ver menu'],
    ["the contact's name", 'jose nunez'],
  ])('a message is found by %s', (_what, typed) => {
    expect(matches(said, typed)).toBe(true)
  })
})

describe('queries that name no message', () => {
  test.each([
    ['digits from the middle of the contact', '5555'],
    ['two digits, which end too many numbers', '12'],
    ['a part of an id', 'm-1'],
    ["another webhook's webhook-id", deliveryId(said, 'wh_c')],
    ['a text that is not in it', 'medialunas'],
    ['nothing but accents', '\u0301\u0301'],
  ])('a message is not found by %s', (_what, typed) => {
    expect(matches(said, typed)).toBe(false)
  })
})

describe('queries of a viewer who may not read bodies', () => {
  test.each([
    ['the whole contact', '+54 9 11 5555-0212', true],
    ['all digits of the contact', '5491155550212', true],
    ['the digits that are shown', '0212', true],
    ['the contact as it is shown', '***0212', true],
    ['its event id', 'event-7', true],
    ['the id of any of its messages', 'm-13', true],
    ['its webhook-id at any webhook', deliveryId(said, 'wh_b'), true],
    ['one digit more than is shown', '50212', false],
    ['a part of a text', 'envíos', false],
    ['a caption', 'mi direccion', false],
    ["the contact's name", 'jose', false],
  ])('a message is looked up by %s: %j finds it: %s', (_what, typed, isFound) => {
    expect(matches(said, typed, false)).toBe(isFound)
  })

  test('a status is not found by its client payload', () => {
    expect(matches(read, 'A-17', false)).toBe(false)
    expect(matches(read, 'm-99', false)).toBe(true)
  })
})

test('a status is found by its message, its webhook-id and a part of its client payload, and not by the id of another status', () => {
  const delivered = statusEvent({ ...read.event, status: 'delivered' } as never)
  expect(['m-99', 'event-8', 'A-17', deliveryId(read, 'wh_a')].map((typed) => matches(read, typed))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(matches(delivered, deliveryId(read, 'wh_a'))).toBe(false)
})
