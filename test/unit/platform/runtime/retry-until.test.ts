import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import {
  failUnlessAbandoned,
  retryUntilDone,
  WaitAbandoned,
  type WaitContext,
} from '../../../../services/platform/runtime/retry-until.ts'

/** Waits that begin to stop during their second pause. */
function bench() {
  const stop = new AbortController()
  const readiness = new Readiness()
  let pauses = 0
  const sleep = async () => {
    if (++pauses === 2) stop.abort()
  }
  const context = { log: pino({ level: 'silent' }), clock: { sleep }, readiness, stopping: stop.signal }
  return { context: context as unknown as WaitContext, readiness }
}

test('a call is repeated until it succeeds, and its part is not ready until then', async () => {
  const { context, readiness } = bench()
  let calls = 0
  const call = async () => {
    if (++calls === 1) throw new Error('no answer')
    expect(readiness.faults()).toEqual({ registry: 'no answer' })
    return 'schema'
  }
  expect(await retryUntilDone('registry', context, call)).toBe('schema')
  expect(readiness.faults()).toEqual({})
})

test('a wait is abandoned when stopping begins, with the last error, and that is no fault', async () => {
  let calls = 0
  const last = new Error('no answer 3')
  const call = async () => {
    throw ++calls === 3 ? last : new Error('no answer')
  }
  const error = await retryUntilDone('registry', bench().context, call).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(WaitAbandoned)
  expect(error).toMatchObject({ message: 'no answer 3', cause: last })
  const faults: unknown[] = []
  const fail = failUnlessAbandoned((fault) => faults.push(fault))
  fail(error)
  fail(last)
  expect(faults).toEqual([last])
})

test('an error that waiting does not fix ends a wait as it is', async () => {
  const denied = new Error('denied')
  const call = () => Promise.reject(denied)
  await expect(retryUntilDone('kafka', bench().context, call, () => true)).rejects.toBe(denied)
})
