import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import type { SendResult } from '../../../../services/dispatcher/engine/ports.ts'
import { Sender } from '../../../../services/dispatcher/http/deliver.ts'
import type { HttpSender } from '../../../../services/dispatcher/http/http-sender.ts'
import { KeyRing } from '../../../../services/platform/keyring.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { definition, delivery } from '../../../support/simulation.ts'

function senderThat(mayRecord: { value: boolean }) {
  const post = vi.fn()
  const sender = new Sender({
    http: { post, pauseMs: 0 } as unknown as HttpSender,
    tokens: null as never,
    keyRing: KeyRing.parse(`k=${Buffer.alloc(32).toString('base64')}`),
    policy: { allowHttp: true, allowedAddresses: [] } as never,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    freshness: { isFresh: true },
    canRecord: () => mayRecord.value,
  })
  const send = () =>
    new Promise<SendResult | 'posted'>((resolve) => {
      post.mockImplementation(() => resolve('posted'))
      sender.send(delivery('d', 'w', 'ana'), 1, { ...definition('w'), url: 'http://127.0.0.1:9/' }, resolve)
    })
  return { send, post }
}

test('nothing is sent to a receiver until its outcome can be recorded', async () => {
  const mayRecord = { value: false }
  const { send, post } = senderThat(mayRecord)
  expect(await send()).toMatchObject({ kind: 'postponed', reason: 'Kafka does not take the outcome' })
  expect(post).not.toHaveBeenCalled()
  mayRecord.value = true
  const sent = await send()
  // The delivery is not postponed any more for lack of Kafka; whether this definition can be signed for is another
  // matter.
  expect(sent === 'posted' || sent.kind !== 'postponed' || !sent.reason.includes('Kafka')).toBe(true)
})
