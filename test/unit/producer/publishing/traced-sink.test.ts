import { expect, test } from 'vitest'
import { traceSink } from '../../../../services/producer/publishing/traced-sink.ts'
import { recordSpans } from '../../../support/recorded-spans.ts'
import { messageEvent } from '../../../support/sample-events.ts'

function traced(publish: () => Promise<void>) {
  const { tracing, spans } = recordSpans()
  const published: (string | undefined)[] = []
  let nowMs = 100
  const sink = {
    isOpen: true,
    bufferedBytes: 7,
    publish(_event: unknown, traceparent?: string) {
      published.push(traceparent)
      return publish()
    },
  }
  return { sink: traceSink(sink, tracing, { nowMs: () => nowMs++ }), spans, published }
}

test("an event's record carries the traceparent of its publishing, which lies below that of the request", async () => {
  const { sink, spans, published } = traced(async () => {})
  await sink.publish(messageEvent(), 'request')
  expect(spans).toMatchObject([{ name: 'publish', parent: 'request', startMs: 100, endMs: 101, fault: null }])
  expect(published).toEqual([spans[0]?.traceparent])
})

test('an event of a request without a traceparent begins a trace', async () => {
  const { sink, spans } = traced(async () => {})
  await sink.publish(messageEvent())
  expect(spans).toMatchObject([{ name: 'publish', parent: null }])
})

test('an event that Kafka refuses is a failed span, and its publisher gets the error', async () => {
  const { sink, spans } = traced(async () => {
    throw new Error('too large')
  })
  await expect(sink.publish(messageEvent())).rejects.toThrow('too large')
  expect(spans).toMatchObject([{ name: 'publish', fault: 'Error: too large' }])
  expect([sink.isOpen, sink.bufferedBytes]).toEqual([true, 7])
})
