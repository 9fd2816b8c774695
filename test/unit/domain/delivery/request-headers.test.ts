import { expect, test } from 'vitest'
import { deliveryHeaders, shownHeaders } from '../../../../services/domain/delivery/request-headers.ts'

const delivery = { deliveryId: 'msg_1', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
const startedAtMs = 1_700_000_000_999

test('the API shows the headers that were sent, in their order, with custom values and the signature masked', () => {
  const sent = deliveryHeaders(delivery, { attempt: 3, startedAtMs, signature: 'v1,c2ln' }, ['X-Key', 'letmein'])
  const shown = Object.entries(
    shownHeaders(delivery, { attempt: 3, startedAt: startedAtMs }, { 'X-Key': 'sealed', 'Webhook-Id': 'by hand' }),
  ).flat()
  expect(sent.map((text) => (['letmein', 'v1,c2ln'].includes(text) ? '***' : text))).toEqual(shown)
  expect(sent).toHaveLength(16)
})

test('a delivery without a trace context has no traceparent header', () => {
  const plain = { ...delivery, traceparent: null }
  expect(shownHeaders(plain, { attempt: 1, startedAt: startedAtMs })).toEqual({
    'content-type': 'application/json',
    'user-agent': 'Hookline/0.1',
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': '***',
    'x-webhook-attempt': '1',
  })
})
