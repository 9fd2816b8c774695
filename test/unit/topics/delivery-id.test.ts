import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deliveryId, type IdentifiedEvent } from '../../../services/topics/delivery-id.ts'

const message = (eventId: string): IdentifiedEvent => ({ type: 'message', event: { eventId } })
const statusOf = (eventId: string, status: 'delivered' | 'read'): IdentifiedEvent => ({
  type: 'status',
  event: { eventId, status },
})

// printf '%s' '["e1","wh1"]' (of a status '["e1","wh1","read"]') | openssl dgst -sha256 -binary | basenc --base64url
test.each([
  ['message', message('e1'), 'msg_QV6CUMrfoGv-mIZkw4RA_R9q6gflF80viST2eylJjAs'],
  ['delivered', statusOf('e1', 'delivered'), 'msg_lXrz6yy44IU1TEcz-4JlALW7cBnJNYRM2cvGOgvStqs'],
  ['read', statusOf('e1', 'read'), 'msg_U2GAQFo4TFoF_Hc_KjLko0Hyxz-2MdQwVI4gK9PIHC0'],
])('the id of a %s never changes, because receivers remember ids', (_kind, event, id) => {
  expect(deliveryId(event, 'wh1')).toBe(id)
})

test('no two notifications have the same id, however their parts are joined', () => {
  // Parts have few characters, including those that a join would use, so that equal joined strings are frequent.
  const part = fc.string({ unit: fc.constantFrom('a', '1', ':', '|', '"', ',', '\\', '\n'), maxLength: 4 })
  const event = fc.oneof(
    part.map(message),
    fc.tuple(part, fc.constantFrom('delivered' as const, 'read' as const)).map((parts) => statusOf(...parts)),
  )
  const identity = fc.tuple(event, part)
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b)
      expect(deliveryId(...a) === deliveryId(...b)).toBe(same)
    }),
    { numRuns: 5_000 },
  )
  fc.assert(
    fc.property(part, part, part, (x, y, z) => {
      fc.pre(y !== '')
      expect(deliveryId(message(x + y), z)).not.toBe(deliveryId(message(x), y + z))
    }),
    { numRuns: 5_000 },
  )
})

test('a delivery id can be part of a header and of the signed content', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (eventId, webhookId) => {
      expect(deliveryId(message(eventId), webhookId)).toMatch(/^msg_[A-Za-z0-9_-]{43}$/)
    }),
  )
})
