import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpEvent } from '../../../../deploy/demo/conversations/http-event.ts'
import { compare, completionOf, type Published, percentile } from '../../../../deploy/demo/delivery-report.ts'
import type { ReceivedRequest } from '../../../../deploy/receiver/arrival.ts'

const places = { chatPlatform: 'webchat', chatChannelId: 'web' }

function published(...events: HttpEvent[]): Published[] {
  return events.map((event) => ({ event, publishedAtMs: 1_000 }))
}

function message(contactId: string, id: string): HttpEvent {
  const time = '2026-03-01T09:00:00.000Z'
  return {
    type: 'message',
    eventId: `e-${id}`,
    businessId: 'b',
    ...places,
    contactId,
    customerId: 'c',
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: [{ id, date: time, from: 'user' }],
  }
}

function status(contactId: string, messageId: string): HttpEvent {
  const statusChangeTime = '2026-03-01T09:00:00.000Z'
  const common = { businessId: 'b', ...places, contactId, customerId: 'c' }
  return { type: 'status', eventId: `s-${messageId}`, ...common, status: 'read', statusChangeTime, messageId }
}

function arrivalOf(event: HttpEvent, changes: Partial<ReceivedRequest> = {}): ReceivedRequest {
  const { contactId } = event
  const notification: ReceivedRequest['notification'] =
    event.type === 'message'
      ? {
          ...places,
          contactId,
          type: 'message',
          messages: event.messages.map(({ id, ...rest }) => ({ ...rest, _id_: id })),
        }
      : { ...places, contactId, type: 'status', messageId: event.messageId, status: event.status }
  return {
    path: '/web',
    webhookId: `w-${event.eventId}`,
    attempt: 1,
    headers: {},
    body: Buffer.alloc(0),
    bodyHash: `hash of ${event.eventId}`,
    notification,
    signature: 'valid',
    arrivedAtMs: 1_010,
    ...changes,
  }
}

const a1 = message('ana', 'a1')
const a2 = message('ana', 'a2')
const b1 = message('bo', 'b1')
const readA1 = status('ana', 'a1')

test('a complete report has nothing missing, no fault, and latencies from publishing to arrival', () => {
  const arrivals = [a1, b1, a2].map((event, index) => arrivalOf(event, { arrivedAtMs: 1_010 + index }))

  expect(compare(published(a1, a2, b1), arrivals)).toEqual({
    summary: { events: 3, deliveries: 3, received: 3, missing: 0, p50Ms: 11, p99Ms: 12 },
    missing: [],
    repeated: 0,
    inversions: 0,
    faults: [],
  })
})

test('a report without arrivals has everything missing and no latency', () => {
  expect(compare(published(a1, readA1), [])).toEqual({
    summary: { events: 2, deliveries: 2, received: 0, missing: 2, p50Ms: null, p99Ms: null },
    missing: ['message a1 (event e-a1)', 'read a1 (event s-a1)'],
    repeated: 0,
    inversions: 0,
    faults: [],
  })
})

test.each([
  { what: 'two contacts in any order', arrivals: [b1, a1, a2], faults: [] },
  { what: 'a contact out of order', arrivals: [a2, a1, b1], faults: ['w-e-a1: it arrived after a later one'] },
  { what: 'a repetition after a later one', arrivals: [a1, a2, b1, a1], faults: [] },
  { what: 'a status before its message: another topic', arrivals: [readA1, a1, a2, b1], faults: [] },
])('the report judges the order of arrivals: $what', ({ arrivals, faults }) => {
  const report = compare(
    published(a1, a2, readA1, b1),
    arrivals.map((event) => arrivalOf(event)),
  )

  expect(report.inversions).toBe(faults.length)
  expect(report.faults).toHaveLength(faults.length)
  for (const [index, fault] of faults.entries()) expect(report.faults[index]).toContain(fault)
})

test.each([
  { what: 'an invalid signature', second: arrivalOf(b1, { signature: 'invalid' }), fault: 'the signature is invalid' },
  { what: 'an unchecked one', second: arrivalOf(b1, { signature: 'unchecked' }), fault: 'the signature is unchecked' },
  { what: 'an unknown notification', second: arrivalOf(a2), fault: 'it matches no published event' },
  { what: 'no JSON', second: arrivalOf(a2, { notification: null }), fault: 'it matches no published event' },
  {
    what: 'another id for the same event',
    second: arrivalOf(a1, { webhookId: 'w-2' }),
    fault: 'its first id was w-e-a1',
  },
  { what: 'other bytes', second: arrivalOf(a1, { bodyHash: 'other' }), fault: 'its body differs from the first one' },
])('the report counts $what as a fault', ({ second, fault }) => {
  const { faults } = compare(published(a1, b1), [arrivalOf(a1), second])

  expect(faults).toHaveLength(1)
  expect(faults[0]).toContain(fault)
})

test('the report counts a repetition, and its notification once', () => {
  const report = compare(published(a1, b1), [arrivalOf(a1), arrivalOf(a1), arrivalOf(a1)])

  expect(report.repeated).toBe(2)
  expect(report.summary).toMatchObject({ received: 1, missing: 1 })
})

test('a report is complete when everything has arrived, however many repetitions came before', () => {
  const arrivals: ReceivedRequest[] = []
  const isComplete = completionOf(published(a1, b1), arrivals)
  const answers = [a1, a1, b1, b1].map((event) => {
    arrivals.push(arrivalOf(event))
    return isComplete()
  })

  expect(answers).toEqual([false, false, true, true])
})

test.each([
  { values: [], percent: 50, is: null },
  { values: [7], percent: 99, is: 7 },
  { values: [4, 1, 3, 2], percent: 50, is: 2 },
  { values: [4, 1, 3, 2], percent: 99, is: 4 },
])('the percentile $percent of $values is $is', ({ values, percent, is }) => {
  expect(percentile(values, percent)).toBe(is)
})

test('a percentile is the smallest value that the given share does not exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const found = percentile(values, percent) ?? Number.NaN
      const shareUpTo = (limit: number) => (100 * values.filter((value) => value <= limit).length) / values.length
      const smaller = values.filter((value) => value < found)
      return shareUpTo(found) >= percent && (smaller.length === 0 || shareUpTo(Math.max(...smaller)) < percent)
    }),
  )
})
