import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type OutgoingRecord, RecordRefused } from '../../../../services/platform/kafka/produce/producer.ts'
import { RecordFaults } from '../../../../services/platform/runtime/record-faults.ts'
import { StateWriter, type StateWriterContext } from '../../../../services/stats-aggregator/stored/state-writer.ts'

type Small = { webhookId: string; source: { partition: number; offset: number } }

const state: Small = { webhookId: 'w1', source: { partition: 3, offset: 7 } }
const refused = new RecordRefused('MESSAGE_TOO_LARGE')

function bench(context: Partial<StateWriterContext<Small>>) {
  const sent: string[] = []
  let faults = 0
  const counted = () => {
    faults++
  }
  const log = pino({ level: 'silent' })
  const writer = new StateWriter<Small>({
    topic: 'webhook-stats',
    encode: () => Buffer.from('whole'),
    encodeReduced: () => Buffer.from('counts'),
    beforeWrite: null,
    send: async ({ value, partition }) => {
      sent.push(`${value} ${partition}`)
      return undefined as never
    },
    faults: new RecordFaults({
      clock: { sleep: async () => undefined },
      log,
      fail: () => undefined,
      onSetAside: counted,
    }),
    ...context,
  })
  const write = async () => {
    const bytes = await writer.write(state)
    await new Promise((resolve) => setTimeout(resolve))
    return bytes
  }
  return { write, sent, faults: () => faults }
}

test('a state that Kafka refuses is written without its errors', async () => {
  const sent: string[] = []
  const { write, faults } = bench({
    send: async ({ value }) => {
      if (value?.toString() === 'whole') throw refused
      sent.push(String(value))
      return undefined as never
    },
  })
  expect(await write()).toBe(6)
  expect(sent).toEqual(['counts'])
  expect(faults()).toBe(0)
})

test.each<[string, Partial<StateWriterContext<Small>>]>([
  [
    'that cannot be encoded',
    {
      encode: () => {
        throw new Error('invalid')
      },
    },
  ],
])('a state %s is left out and counted, and ends nothing', async (_what, context) => {
  const { write, sent, faults } = bench(context)
  expect(await write()).toBe(0)
  expect(sent).toEqual([])
  expect(faults()).toBe(1)
})

test.each([
  ['without its errors', undefined, ['whole undefined', 'counts true']],
  ['of which nothing can be left out', null, ['whole true']],
])('a state %s waits until Kafka accepts it, and is not given up', async (_what, reduced, expected) => {
  const sent: string[] = []
  const send = async ({ value, isLast }: OutgoingRecord) => {
    sent.push(`${value} ${isLast || undefined}`)
    if (!isLast) throw refused
    return { offset: 0 }
  }
  const { write, faults } = bench(reduced === null ? { send, encodeReduced: null } : { send })
  expect(await write()).toBeGreaterThan(0)
  expect(sent).toEqual(expected)
  expect(faults()).toBe(0)
})

test('an error that refuses no record is thrown, so that nothing is committed', async () => {
  const { write } = bench({ send: () => Promise.reject(new Error('disconnected')) })
  await expect(write()).rejects.toThrow('disconnected')
})
