import { expect, test } from 'vitest'
import { initialBreaker } from '../../../services/dispatcher/breaker.ts'
import { HealthWriter } from '../../../services/dispatcher/health-writer.ts'
import { PartitionState } from '../../../services/dispatcher/partition.ts'
import type { HealthRecord } from '../../../services/dispatcher/restore.ts'

const reflected = { attemptsOffset: 5, parkedOffset: 7 }

function writerOf(gates: [string, { breaker: ReturnType<typeof initialBreaker>; pausedUntilMs: number }][]) {
  const sent: { key: string; value: HealthRecord | null }[] = []
  const writer = new HealthWriter({
    engine: { partitions: [new PartitionState(3)], gates: { statesOf: () => gates } as never },
    topic: 'webhook-health',
    encode: (record) => Buffer.from(JSON.stringify(record)),
    send: ({ key, value }) => {
      sent.push({ key: String(key), value: value === null ? null : JSON.parse(String(value)) })
      return Promise.resolve({ offset: sent.length - 1 })
    },
    nowMs: () => 1_000,
  })
  return { writer, sent }
}

test('a snapshot of the former owner with nothing left to tell is deleted, and only once', async () => {
  const { writer, sent } = writerOf([])
  writer.takenOver(3, reflected, ['over'])
  await writer.write()
  expect(sent.map(({ key, value }) => [key, value === null])).toEqual([
    ['over', true],
    ['partition-3', false],
  ])
  await writer.write()
  expect(sent).toHaveLength(2)
})

test('what is still to be told is written before the offsets that it reflects', async () => {
  const paused = { breaker: initialBreaker(), pausedUntilMs: 9_000 }
  const { writer, sent } = writerOf([['w', paused]])
  writer.takenOver(3, reflected, ['w'])
  await writer.write()
  expect(sent.map(({ key }) => key)).toEqual(['w', 'partition-3'])
  expect(sent[0]?.value).toMatchObject({ webhookId: 'w', pausedUntil: 9_000, ...reflected })
  expect(sent[1]?.value).toMatchObject({ webhookId: null, ...reflected })
})
