import { expect, test } from 'vitest'
import type { SendResult } from '../../../../services/dispatcher/engine/ports.ts'
import { traceSends } from '../../../../services/dispatcher/http/traced-send.ts'
import { recordSpans } from '../../../support/recorded-spans.ts'
import { definition, delivery } from '../../../support/simulation.ts'

/** Sends once with traces; the clock stands at 1,000 at the start and at 1,040 at the end. */
function sendOnce(attempt: number, result: SendResult) {
  const { tracing, spans } = recordSpans()
  const times = [1_000, 1_040]
  const sent: (string | null)[] = []
  const results: SendResult[] = []
  const send = traceSends(
    ({ traceparent }, _attempt, _definition, ended) => {
      sent.push(traceparent)
      ended(result)
    },
    tracing,
    () => times.shift() ?? 0,
  )
  const made = { ...delivery('d', 'w', 'c'), traceparent: 'formatted', createdAt: 400 }
  send(made, attempt, definition('w'), (ended) => void results.push(ended))
  return { spans, sent, results }
}

const answered = (status: number): SendResult => ({
  kind: 'outcome',
  startedAtMs: 1_000,
  outcome: status < 300 ? { kind: 'success', status, latencyMs: 40 } : { kind: 'refused', status, latencyMs: 40 },
})

test('the receiver gets the traceparent of its attempt, and the engine the result unchanged', () => {
  const result = answered(204)
  const { spans, sent, results } = sendOnce(1, result)
  expect(sent).toEqual([spans.find(({ name }) => name === 'attempt')?.traceparent])
  expect(results).toEqual([result])
})

test('a first attempt and the wait before it are spans below the notification', () => {
  const { spans } = sendOnce(1, answered(204))
  expect(spans).toMatchObject([
    { name: 'queue', parent: 'formatted', startMs: 400, endMs: 1_000, fault: null },
    {
      name: 'attempt',
      parent: 'formatted',
      startMs: 1_000,
      endMs: 1_040,
      fault: null,
      attributes: { 'hookline.delivery.id': 'd', 'hookline.attempt': 1, 'http.response.status_code': 204 },
    },
  ])
})

test('a later attempt has no wait of its own, and a failed one says why', () => {
  const { spans } = sendOnce(2, answered(503))
  expect(spans).toMatchObject([{ name: 'attempt', parent: 'formatted', fault: 'status 503' }])
})

test.each<SendResult>([
  { kind: 'postponed', startedAtMs: 1_000, delayMs: 250, reason: 'definitions are being read again' },
  { kind: 'fault', startedAtMs: 1_000, reason: 'no key' },
])('a send that ends as $kind is no attempt and has no span', (result) => {
  expect(sendOnce(1, result).spans).toEqual([])
})
