import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ReadPool, RequestEnded } from '../../../../services/admin/records/read-pool.ts'
import type { Reader } from '../../../../services/admin/records/webhook-records.ts'

const limits = { atOnce: 3, ofBusiness: 2, waitingOfBusiness: 4, deadlineMs: 1_000 }
const never = new AbortController().signal

/** A pool whose deadlines pass when the test says so, and reads that end when the test says so. */
function world(reader: Partial<Reader> = {}) {
  const deadlines: (() => void)[] = []
  const clock = {
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        deadlines.push(resolve)
        if (!signal?.aborted) signal?.addEventListener('abort', () => {})
      }),
  }
  const pool = new ReadPool(reader as Reader, limits, clock)
  const started: string[] = []
  const begin = (businessId: string, ended = never) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const result = pool.run(businessId, ended, () => {
      started.push(businessId)
      return promise
    })
    result.catch(() => undefined)
    return { result, end: () => resolve('done') }
  }
  return { pool, begin, started, passDeadline: (index: number) => deadlines[index]?.() }
}

describe('slots of the read pool', () => {
  test('a business never has more than its share of reads, and another one starts at once', async () => {
    const { begin, started } = world()
    for (let number = 0; number < 5; number++) begin('a')
    begin('b')
    await setImmediate()
    expect(started).toEqual(['a', 'a', 'b'])
  })

  test('waiting reads are started in turns by business', async () => {
    const { begin, started } = world()
    const first = [begin('a'), begin('a'), begin('b')]
    for (const businessId of ['a', 'a', 'c', 'd']) begin(businessId)
    for (const { end } of first) {
      end()
      await setImmediate()
    }
    expect(started).toEqual(['a', 'a', 'b', 'a', 'c', 'd'])
  })

  test('a business with too many waiting reads is refused, and another one is not', async () => {
    const { begin } = world()
    for (let number = 0; number < 6; number++) begin('a')
    await expect(begin('a').result).rejects.toMatchObject({ status: 429 })
    const other = begin('b')
    other.end()
    expect(await other.result).toBe('done')
  })
})

describe('the end of a read', () => {
  test('a read ends at its deadline and frees its slot', async () => {
    const { begin, started, passDeadline } = world()
    const stuck = [begin('a'), begin('a')]
    begin('a')
    passDeadline(0)
    await expect(stuck[0]?.result).rejects.toMatchObject({ status: 504 })
    await setImmediate()
    expect(started).toEqual(['a', 'a', 'a'])
  })

  test('a read ends with its request, also while it waits', async () => {
    const { begin, started } = world()
    const request = new AbortController()
    const read = begin('a', request.signal)
    begin('a')
    const waiting = begin('a', request.signal)
    request.abort()
    await expect(read.result).rejects.toThrow(RequestEnded)
    await expect(waiting.result).rejects.toThrow(RequestEnded)
    expect(started).toEqual(['a', 'a'])
  })

  test('reading from Kafka ends at the next record after its read has ended', async () => {
    const answers: unknown[] = []
    const ongoing = Promise.withResolvers<void>()
    let push = () => {}
    const { pool } = world({
      read: (_topic, _partition, _from, _to, onRecord) => {
        push = () => answers.push(onRecord({} as never))
        return ongoing.promise
      },
    })
    const request = new AbortController()
    const result = pool.run('a', request.signal, (reader) => reader.read('t', 0, 0, 10, () => true))
    await setImmediate()
    push()
    request.abort()
    push()
    await expect(result).rejects.toThrow(RequestEnded)
    expect(answers).toEqual([true, false])
  })
})
