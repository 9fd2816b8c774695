import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deliveryId } from '../../../services/formatter/delivery-id.ts'

// printf '%s' '["e1","wh1"]' | openssl dgst -sha256 -binary | basenc --base64url
test('the same for ever: receivers remember ids', () => {
  expect(deliveryId('e1', 'wh1')).toBe('msg_QV6CUMrfoGv-mIZkw4RA_R9q6gflF80viST2eylJjAs')
})

test('no two pairs share an id, however their parts are joined', () => {
  // Few characters, among them those that joins are made of, so that equal joined strings come up often.
  const part = fc.string({ unit: fc.constantFrom('a', '1', ':', '|', '"', ',', '\\', '\n'), maxLength: 4 })
  const pair = fc.tuple(part, part)
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      const same = a[0] === b[0] && a[1] === b[1]
      expect(deliveryId(...a) === deliveryId(...b)).toBe(same)
    }),
    { numRuns: 5_000 },
  )
  fc.assert(
    fc.property(part, part, part, (x, y, z) => {
      fc.pre(y !== '')
      expect(deliveryId(x + y, z)).not.toBe(deliveryId(x, y + z))
    }),
    { numRuns: 5_000 },
  )
})

test('stands in a header and in the signed content, whose separator is a dot', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (eventId, webhookId) => {
      expect(deliveryId(eventId, webhookId)).toMatch(/^msg_[A-Za-z0-9_-]{43}$/)
    }),
  )
})
