import { expect, test } from 'vitest'
import type { FormatterStageEdges } from '../../../services/formatter/stage.ts'
import { traceFormatting } from '../../../services/formatter/traces.ts'
import { recordSpans } from '../../support/recorded-spans.ts'
import { messageEvent } from '../../support/sample-events.ts'
import { delivery } from '../../support/simulation.ts'

type Edges = Pick<FormatterStageEdges, 'decide' | 'output'>

const record = {} as Parameters<Edges['decide']>[1]
const made = { ...delivery('d', 'w', 'c'), traceparent: 'published' }

function traced(
  decision: ReturnType<Edges['decide']>,
  delivered: 'delivered' | 'oversize' = 'delivered',
  encode = () => {},
) {
  const { tracing, spans } = recordSpans()
  const written: (string | null)[] = []
  const output: Edges['output'] = {
    deliver(_record, { traceparent }) {
      encode()
      written.push(traceparent)
      return Promise.resolve(delivered)
    },
    setAside: async () => {},
  }
  let nowMs = 100
  const edges = traceFormatting({ decide: () => decision, output }, tracing, { nowMs: () => nowMs++ })
  return { edges, spans, written }
}

test('a notification continues the trace of its event below the span of its formatting', async () => {
  const { edges, spans, written } = traced({ kind: 'deliver', delivery: made })
  const decision = edges.decide(messageEvent(), record)
  if (decision.kind !== 'deliver') throw new Error('the sample is to be delivered')
  expect(spans).toEqual([])
  await edges.output.deliver(record, decision.delivery)
  expect(spans).toMatchObject([{ name: 'format', parent: 'published', startMs: 100, endMs: 101, fault: null }])
  expect(written).toEqual([spans[0]?.traceparent])
})

test('a notification that Kafka does not accept is a failed span', async () => {
  const { edges, spans } = traced({ kind: 'deliver', delivery: made }, 'oversize')
  const decision = edges.decide(messageEvent(), record)
  if (decision.kind === 'deliver') await edges.output.deliver(record, decision.delivery)
  expect(spans).toMatchObject([{ name: 'format', fault: 'oversize' }])
})

test('an event without a notification has no span', () => {
  const { edges, spans } = traced({ kind: 'skip', reason: 'unwanted' })
  expect(edges.decide(messageEvent(), record)).toEqual({ kind: 'skip', reason: 'unwanted' })
  expect(spans).toEqual([])
})

test('an exception of the output is thrown at once, as without traces', () => {
  const { edges } = traced({ kind: 'deliver', delivery: made }, 'delivered', () => {
    throw new Error('no bytes of it')
  })
  expect(() => edges.output.deliver(record, made)).toThrow('no bytes of it')
})
