import { type Connection, NetworkError } from '@platformatic/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { PartitionReader } from '../../../../../services/platform/kafka/readers/partition-reader.ts'
import type { FetchRequest, SendFetch } from '../../../../../services/platform/kafka/wire/fetch-protocol.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { FakeBrokers, startReader, topic } from './fake-brokers.ts'

type Wait = Pick<FetchRequest, 'maxWaitMs' | 'minBytes'>
const busy: Wait = { maxWaitMs: 5, minBytes: 65_536 }
/** The wait at the start of a process, and at each of the moments that its idle readers share. */
const idle: Wait = { maxWaitMs: 4_000, minBytes: 1 }

/** A reader of two partitions of one broker, and how long each of its fetches may wait. */
function startNoting() {
  const brokers = new FakeBrokers(2)
  brokers.leaders.fill(0)
  const waits: Wait[] = []
  const send: SendFetch = (on, request) => {
    waits.push({ maxWaitMs: request.maxWaitMs, minBytes: request.minBytes })
    return brokers.send(on, request)
  }
  const { reader, seen } = startReader(brokers, { ...busy, send, clock: { ...systemClock, monotonicMs: () => 0 } })
  /** The waits of the next fetches, from the one after the fetch that is under way. */
  const next = async (count: number) => {
    waits.length = 0
    await expect.poll(() => waits.length).toBeGreaterThan(count)
    return waits.slice(1, count + 1)
  }
  return { brokers, reader, seen, waits, next }
}

test('a fetch waits long, and for a single byte, once the one before has brought nothing', async () => {
  const { brokers, seen, waits, next } = startNoting()
  await expect.poll(() => waits.length).toBeGreaterThan(2)
  expect(waits[0]).toEqual(busy)
  expect(await next(2)).toEqual([idle, idle])
  waits.length = 0
  brokers.logs[1]?.push('a')
  await expect.poll(() => seen[1]).toEqual(['a'])
  await expect.poll(() => waits).toContainEqual(busy)
})

test('no fetch waits long while a partition is paused, which would be resumed late', async () => {
  const { reader, next } = startNoting()
  expect(await next(1)).toEqual([idle])
  reader.pause(topic, 0)
  expect(await next(2)).toEqual([busy, busy])
  reader.resume(topic, 0)
  expect(await next(2)).toEqual([idle, idle])
})

/** A reader whose polls end only with an answer that brings something, or with their connection. */
async function startEndless(leaders: number[]) {
  const brokers = new FakeBrokers(leaders.length)
  brokers.leaders.splice(0, leaders.length, ...leaders)
  const polls: string[] = []
  /** Brokers with a poll that has found nothing. */
  const waiting: number[] = []
  const ends = new Map<Connection, PromiseWithResolvers<never>>()
  const connection = async (nodeId: number) => {
    const end = Promise.withResolvers<never>()
    end.promise.catch(() => undefined)
    const close = async () => end.reject(new NetworkError('Connection closed'))
    const opened = { nodeId, close } as unknown as Connection
    ends.set(opened, end)
    return opened
  }
  const send: SendFetch = async (on, request) => {
    const { nodeId } = on as unknown as { nodeId: number }
    const asked = request.positions.map(({ partition, offset }) => `${partition} from ${offset}`)
    polls.push(`broker ${nodeId}: ${asked.toSorted().join(', ')}`)
    const answer = await brokers.send(on, request)
    if (answer.partitions.length > 0) return answer
    waiting.push(nodeId)
    return ends.get(on)?.promise ?? answer
  }
  const reader = new PartitionReader(Object.assign(brokers, { connection }), {
    maxWaitMs: 60_000,
    clock: systemClock,
    send,
    fail: (error) => expect.unreachable(String(error)),
    onBatch: ({ records }) => records.length,
  })
  onTestFinished(() => reader[Symbol.asyncDispose]())
  await reader.prepare([topic])
  reader.read(new Map([[topic, new Map(leaders.map((_leader, partition) => [partition, 0]))]]))
  await expect.poll(() => new Set(waiting)).toEqual(new Set(leaders))
  return { brokers, reader, polls }
}

test('a partition whose offset is set during a long poll is fetched from there at once', async () => {
  const { reader, polls } = await startEndless([0])
  reader.seek(topic, 0, 7)
  await expect.poll(() => polls).toEqual(['broker 0: 0 from 0', 'broker 0: 0 from 7'])
})

test('a partition that moves to a broker with a long poll under way is fetched from there at once', async () => {
  const { brokers, polls } = await startEndless([0, 1])
  brokers.move(1)
  await expect.poll(() => polls.at(-1)).toBe('broker 0: 0 from 0, 1 from 0')
})
