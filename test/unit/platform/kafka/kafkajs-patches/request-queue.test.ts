import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { calmRequestQueues } from '../../../../../services/platform/kafka/kafkajs-patches/request-queue.ts'

type Queue = {
  push(request: object): void
  fulfillRequest(answer: object): void
  maybeThrottle(ms: number): void
  scheduleRequestTimeoutCheck(): void
  destroy(): void
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => Queue

let sent: number[]
let queue: Queue

beforeEach(() => {
  vi.useFakeTimers()
  calmRequestQueues()
  sent = []
  queue = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    isConnected: () => true,
    logger: { debug: () => undefined },
  })
})
afterEach(() => {
  queue.destroy()
  vi.useRealTimers()
})

function push(correlationId: number, reject: (error: Error) => void = () => undefined): void {
  queue.push({
    entry: { correlationId, resolve: () => undefined, reject },
    expectResponse: true,
    sendRequest: () => sent.push(correlationId),
  })
}

const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })

test('an idle connection sets no timer', () => {
  push(1)
  answer(1)
  expect(sent).toEqual([1])
  expect(vi.getTimerCount()).toBe(0)
})

test('a request that waits for a free slot is sent when there is one', () => {
  push(1)
  push(2)
  expect(sent).toEqual([1])
  answer(1)
  expect(sent).toEqual([1, 2])
})

test('requests that wait because the broker throttles are sent afterwards, in order', () => {
  queue.maybeThrottle(500)
  push(1)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(499)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(20)
  answer(1)
  expect(sent).toEqual([1])
})

test('a request that takes too long ends and frees its slot', () => {
  queue.scheduleRequestTimeoutCheck()
  const failures: string[] = []
  push(1, (error) => failures.push(error.name))
  push(2)
  vi.advanceTimersByTime(1_000)
  expect([sent, failures]).toEqual([[1], []])
  vi.advanceTimersByTime(1_000)
  expect([sent, failures]).toEqual([[1, 2], ['KafkaJSRequestTimeoutError']])
})
