import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Backlog } from '../../../../services/admin/status/backlog.ts'
import type { Attempt, Delivery } from '../../../../services/domain/delivery/delivery.ts'
import { choosePartition } from '../../../../services/platform/kafka/partitioning/key-partition.ts'
import { attempt, delivery } from '../replay/replay-support.ts'

const own = choosePartition('wh_a', 4)
const webhook = { id: 'wh_a', businessId: delivery('a', 0).businessId }

type Rows = { deliveries?: Delivery[]; attempts?: Attempt[]; committed?: number; isAway?: boolean }

/** webhook-deliveries and webhook-attempts as lists; the bytes of a value are its index in the list. */
function bench({ deliveries = [], attempts = [], committed = 0, isAway = false }: Rows) {
  const lists: Record<string, (Delivery | Attempt)[]> = { deliveries, attempts }
  let nowMs = 0
  let reads = 0
  const source = <T>(topic: string) => ({
    topic,
    decode: (bytes: Buffer) => ({ ok: true as const, value: lists[topic]?.[Number(bytes.toString())] as T }),
  })
  const backlog = new Backlog({
    reader: {
      async read(topic, partition, from, to, onRecord) {
        reads++
        for (let offset = from; offset < Math.min(to, lists[topic]?.length ?? 0); offset++) {
          const key = Buffer.from(lists[topic]?.[offset]?.webhookId ?? '')
          const value = Buffer.from(String(offset))
          onRecord({ topic, partition, offset, key, value, headers: undefined, timestampMs: 0 })
        }
      },
      ends: async (topic) =>
        Array.from({ length: 4 }, (_unused, partition) => ({ partition, low: 0, high: lists[topic]?.length ?? 0 })),
      offsetsAt: async () => new Map([[own, 0]]),
    },
    deliveries: source<Delivery>('deliveries'),
    attempts: source<Attempt>('attempts'),
    committed: () => (isAway ? new Promise(() => {}) : Promise.resolve(new Map([[own, { offset: committed }]]))),
    clock: { monotonicMs: () => nowMs, sleep: () => (isAway ? Promise.resolve() : new Promise(() => {})) },
    log: pino({ level: 'silent' }),
  })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { backlog, reads: () => reads, pass }
}

const made = ['a', 'b', 'c', 'd'].map((id, index) => delivery(id, 1_000 * index))
const other = { ...delivery('x', 0), webhookId: 'wh_b' }

test.each<{ case: string; rows: Rows; waiting: number | null; oldest: number | null }>([
  { case: 'all is committed', rows: { deliveries: made, committed: 4 }, waiting: 0, oldest: null },
  { case: 'nothing is answered', rows: { deliveries: made }, waiting: 4, oldest: 0 },
  {
    case: "another webhook's do not count",
    rows: { deliveries: [other, ...made], committed: 0 },
    waiting: 4,
    oldest: 0,
  },
  {
    case: 'the former business of the id does not count',
    rows: { deliveries: [{ ...delivery('x', 0), businessId: 'former' }, ...made] },
    waiting: 4,
    oldest: 0,
  },
  { case: 'those behind the commit', rows: { deliveries: made, committed: 2 }, waiting: 2, oldest: 2_000 },
  {
    case: 'answered but not committed yet',
    rows: { deliveries: made, attempts: [attempt('a'), attempt('c', { next: 'deadLetter' })] },
    waiting: 2,
    oldest: 1_000,
  },
  {
    case: 'to be tried again',
    rows: { deliveries: made, attempts: [attempt('a', { next: 'retry' })] },
    waiting: 4,
    oldest: 0,
  },
  { case: 'Kafka does not answer in time', rows: { deliveries: made, isAway: true }, waiting: null, oldest: null },
  {
    case: 'too many to be counted',
    rows: { deliveries: Array.from({ length: 20_001 }, (_unused, index) => delivery(`d${index}`, 500 + index)) },
    waiting: null,
    oldest: 500,
  },
])('the backlog counts correctly when $case', async ({ rows, waiting, oldest }) => {
  expect(await bench(rows).backlog.of(webhook)).toEqual({ waiting, oldestWaitingAtMs: oldest })
})

test('the backlog is read again only when its cached answer has expired', async () => {
  const { backlog, reads, pass } = bench({ deliveries: made })
  await backlog.of(webhook)
  pass(2_999)
  await backlog.of(webhook)
  expect(reads()).toBe(2)
  pass(1)
  await backlog.of(webhook)
  expect(reads()).toBe(4)
})
