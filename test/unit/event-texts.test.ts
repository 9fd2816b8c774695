import { describe, expect, test } from 'vitest'
import type { Event } from '../../services/domain/event/event.ts'
import { eventFaults } from '../../services/domain/event/event-faults.ts'
import { formatBody } from '../../services/domain/event/notification-body.ts'
import { createEventReader } from '../../services/producer/reading/read-event.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { growsLinearly } from '../support/cpu-time.ts'
import { eventFields } from '../support/event-fields.ts'
import { createFormatterWorld, typeOf } from '../support/formatter-world.ts'
import { illFormedTexts, worstTexts } from '../support/worst-texts.ts'
import { everything } from './formatter/samples.ts'

// Guarantee 40: every text of every event with its worst content, over HTTP and from Kafka.

const shortLength = 10_000
const longLength = 100_000
const allTexts = { ...worstTexts, ...illFormedTexts }

const topicOf = ({ type }: Event) => (type === 'message' ? topics.messageEvents : topics.statusEvents)
const readEvent = createEventReader()

/** The event as JSON of the HTTP API. */
function rawOf({ type, event }: Event): unknown {
  const isTime = (name: string) => name === 'date' || name.endsWith('Time')
  const json = JSON.stringify({ ...event, type }, (name, value) =>
    isTime(name) && typeof value === 'number' ? new Date(value).toISOString() : value,
  )
  return JSON.parse(json)
}

describe.each(eventFields)('$name', ({ fill, maxBytes }) => {
  test.each(Object.entries(allTexts))('%s of ten times the length take at most 15 times as long', (_what, make) => {
    const works = [shortLength, longLength].map((length) => {
      const event = fill(make(length))
      const bytes = typeOf(topicOf(event)).toBuffer(event.event)
      const raw = rawOf(event)
      return {
        fromKafka: () => {
          const read = { type: event.type, event: typeOf(topicOf(event)).fromBuffer(bytes) } as Event
          if (eventFaults(read, 1).length === 0) formatBody(read, everything)
        },
        overHttp: () => void readEvent(raw),
      }
    })
    const [short, long] = works
    if (!short || !long) throw new Error('two lengths')
    expect(growsLinearly(short.fromKafka, long.fromKafka)).toBe(true)
    expect(growsLinearly(short.overHttp, long.overHttp)).toBe(true)
  })

  test.each(Object.entries(worstTexts))(
    '%s up to the limit are accepted alike over HTTP and from Kafka',
    async (_what, make) => {
      const event = fill(make(maxBytes === null ? 1_000 : maxBytes / 4))
      const read = readEvent(rawOf(event))
      if (event.event.chatPlatform !== 'whatsapp' || event.event.whatsappNumber)
        expect(read).toMatchObject({ ok: true })
      const world = createFormatterWorld()
      await world.take(topicOf(event).name, { value: typeOf(topicOf(event)).toBuffer(event.event) })
      expect([world.deliveries.length, world.letters.length, world.failed.length]).toEqual([1, 0, 0])
      expect(world.deliveries[0]?.body.equals(formatBody(event, everything) ?? Buffer.alloc(0))).toBe(true)
    },
  )

  test.each(Object.entries(illFormedTexts))(
    '%s are refused over HTTP and become U+FFFD from Kafka',
    async (_what, make) => {
      const event = fill(make(60))
      expect(readEvent(rawOf(event))).toMatchObject({
        ok: false,
        problems: expect.arrayContaining([expect.objectContaining({ message: 'must be well-formed Unicode' })]),
      })
      const world = createFormatterWorld()
      await world.take(topicOf(event).name, { value: typeOf(topicOf(event)).toBuffer(event.event) })
      expect([world.deliveries.length, world.letters.length, world.failed.length]).toEqual([1, 0, 0])
      const body = world.deliveries[0]?.body.toString('utf8') ?? ''
      expect(body.isWellFormed()).toBe(true)
      expect(body).not.toMatch(/\\ud[89a-f]/)
    },
  )
})

test.each(eventFields.filter(({ maxBytes }) => maxBytes !== null))(
  '$name one byte over its limit is refused over HTTP, and unreadable from Kafka with its bytes',
  async ({ fill, maxBytes }) => {
    const event = fill('x'.repeat((maxBytes ?? 0) + 1))
    expect(readEvent(rawOf(event))).toMatchObject({ ok: false })
    const world = createFormatterWorld()
    const value = typeOf(topicOf(event)).toBuffer(event.event)
    await world.take(topicOf(event).name, { value })
    expect(world.deliveries).toEqual([])
    expect(world.letters).toMatchObject([{ reason: 'unreadable', source: { value } }])
  },
)
