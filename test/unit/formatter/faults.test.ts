import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import type { DeadLetter, Delivery } from '../../../services/domain/delivery/delivery.ts'
import type { MessageEvent } from '../../../services/domain/event/event.ts'
import { readTraceparent } from '../../../services/domain/event/traceparent.ts'
import { decide } from '../../../services/formatter/decide-notification.ts'
import { createFormatterMetrics } from '../../../services/formatter/metrics.ts'
import { Output } from '../../../services/formatter/output.ts'
import { FormatterStage } from '../../../services/formatter/stage.ts'
import type { Assignment, Commit, ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import { RecordFaults } from '../../../services/platform/runtime/record-faults.ts'
import { messageSource } from '../../../services/topics/events/event-source.ts'
import { messageEvent } from '../../support/sample-events.ts'
import { definition } from './samples.ts'

// An exception at any step of the formatter (guarantee 55a).

const assignment: Assignment = { partitions: new Map(), current: true, fresh: true }
const bug = (): never => {
  throw new TypeError('a bug')
}
/** An object of which nothing can be read. */
const broken = new Proxy({}, { get: bug, ownKeys: bug, has: bug })

type Step = 'decode' | 'decode later' | 'event faults' | 'traceparent' | 'decide' | 'body' | 'encode' | 'produce'

/** The stage with its real steps, one of which throws for the records of the named events. */
function formatterThatFails(step: Step, isPoison: (eventId: string) => boolean) {
  const letters: DeadLetter[] = []
  const delivered: string[] = []
  const commits: Commit[] = []
  const failed: unknown[] = []
  const fails = (at: Step, eventId: string) => at === step && isPoison(eventId)
  const decode = (bytes: Buffer) => {
    const eventId = String(bytes)
    const value = messageEvent({ eventId, businessId: `b-${eventId}` }).event as MessageEvent
    if (fails('decode', eventId)) bug()
    if (fails('decode later', eventId)) return Promise.reject(new TypeError('a bug'))
    if (fails('event faults', eventId)) return { ok: true as const, value: { ...value, variables: broken as never } }
    if (fails('body', eventId))
      value.messages = [
        {
          ...value.messages[0],
          get fromName() {
            return bug()
          },
        } as never,
      ]
    return { ok: true as const, value }
  }
  const output = new Output({
    producer: {
      enqueue: ({ topic, value }, acknowledged) => {
        const sent = JSON.parse(String(value)) as Delivery & DeadLetter
        // Kafka takes a moment, and nothing may be finished before.
        if (topic === 'dead')
          return void setTimeout(() => {
            letters.push(sent)
            acknowledged({ offset: 0 })
          }, 10)
        if (fails('produce', sent.eventId)) bug()
        delivered.push(sent.eventId)
        queueMicrotask(() => acknowledged({ offset: 0 }))
      },
    },
    deliveries: {
      topic: 'deliveries',
      encode: (delivery) => {
        if (fails('encode', delivery.eventId)) bug()
        return Buffer.from(JSON.stringify(delivery))
      },
    },
    deadLetters: { topic: 'dead', encode: (letter) => Buffer.from(JSON.stringify(letter)), partitions: 1 },
    nowMs: () => 7,
  })
  const stage = new FormatterStage({
    sources: new Map([['events', messageSource(decode)]]),
    decide: (event, { headers }) => {
      const { eventId, businessId } = event.event
      const traceparent = readTraceparent((fails('traceparent', eventId) ? (broken as never) : headers)?.traceparent)
      if (fails('decide', eventId)) bug()
      const owner = { definition: definition({ businessId }), offset: 1 }
      return decide(
        event,
        { findOwner: () => owner, account: () => ({ webhooksEnabled: true }) },
        { traceparent, publishedAt: null },
        0,
      )
    },
    output,
    faults: new RecordFaults({
      clock: { sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) },
      log: { error: () => {} } as never,
      fail: (error) => failed.push(error),
    }),
    observe: () => {},
    hasRoom: () => true,
    finished: (_assignment, commit) => commits.push(commit),
    patience: { wait: (coming) => coming },
    unreadable: () => {},
    metrics: createFormatterMetrics([new Registry()]),
    stopping: new AbortController().signal,
  })
  const take = (eventIds: string[]) =>
    stage.takeBatch({
      topic: 'events',
      partition: 0,
      assignment,
      highWatermark: eventIds.length,
      nextOffset: eventIds.length,
      records: eventIds.map(
        (eventId, offset): ConsumedRecord => ({
          topic: 'events',
          partition: 0,
          offset,
          key: Buffer.from(`key of ${eventId}`),
          value: Buffer.from(eventId),
          headers: {},
          timestampMs: 0,
        }),
      ),
    })
  return { stage, take, letters, delivered, commits, failed }
}

const steps: Step[] = ['decode', 'decode later', 'event faults', 'traceparent', 'decide', 'body', 'encode', 'produce']

describe.each(steps)('an exception in %s', (step) => {
  test('an exception for one record sets it aside with its bytes, while the others continue', async () => {
    const { stage, take, letters, delivered, commits, failed } = formatterThatFails(step, (id) => id === 'poison')
    expect(await take(['a', 'poison', 'b', 'c'])).toBe(4)
    await stage.drain()
    expect(delivered).toEqual(['a', 'b', 'c'])
    expect(letters).toEqual([
      {
        reason: 'fault',
        detail: expect.stringMatching(/: a bug$/),
        deadLetteredAt: 7,
        delivery: null,
        attempts: [],
        source: {
          topic: 'events',
          partition: 0,
          offset: 1,
          key: Buffer.from('key of poison').toJSON(),
          value: Buffer.from('poison').toJSON(),
        },
      },
    ])
    expect(commits).toEqual([{ topic: 'events', partition: 0, offset: 4 }])
    expect(failed).toEqual([])
  })

  test('an exception for every record ends the process, with nothing finished and nothing set aside', async () => {
    const { stage, take, letters, delivered, commits, failed } = formatterThatFails(step, () => true)
    await take(Array.from({ length: 20 }, (_unused, n) => `e${n}`))
    await Promise.race([stage.drain(), new Promise((resolve) => setTimeout(resolve, 50))])
    expect(failed).toHaveLength(1)
    expect({ delivered, commits }).toEqual({ delivered: [], commits: [] })
    expect(letters.length).toBeLessThan(20)
  })
})
