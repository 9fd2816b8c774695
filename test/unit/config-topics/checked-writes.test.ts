import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckedWrites, Overtaken, RecordWatch } from '../../../services/config-topics/checked-writes.ts'
import { decidedOn } from '../../../services/config-topics/config-headers.ts'
import type { WriteRecord } from '../../../services/config-topics/config-writer.ts'
import { NewestRecords } from '../../../services/domain/definition/newest-records.ts'
import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'

type Instance = { writes: CheckedWrites; newest: () => number; poll: (count?: number) => void }

/**
 * A log that several instances write; their records reach each instance when it polls, or when its own write makes it
 * poll.
 */
function logOf(instances: number) {
  const log: ConsumedRecord[] = []
  const byHand = (value: string | null, headers: Record<string, string> = {}): number => {
    const bytes = value === null ? null : Buffer.from(value)
    const place = { topic: 'webhook-config', partition: 0, offset: log.length, timestampMs: 0 }
    log.push({ ...place, key: Buffer.from('wh_a'), value: bytes, headers } as ConsumedRecord)
    return log.length - 1
  }
  const admins: Instance[] = Array.from({ length: instances }, () => {
    let position = 0
    const table = new NewestRecords()
    const watch = new RecordWatch()
    const poll = (to = log.length) => {
      for (; position < to; position++) {
        const record = log[position] as ConsumedRecord
        table.take('wh_a', record.offset, decidedOn(record), record.value === null)
        watch.onRecord('wh_a', record)
      }
    }
    const append: WriteRecord = async (_key, value, headers) => {
      await turns(1)
      const offset = byHand(value === null ? null : value.toString(), headers)
      await turns(2)
      poll(Math.max(position, offset + 1))
      return offset
    }
    return { writes: new CheckedWrites(append, watch), newest: () => table.newestOffset('wh_a'), poll }
  })
  return { log, admins, byHand, last: () => log.at(-1)?.value?.toString() ?? null }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('changes decided on the same record', () => {
  test.each([2, 3, 5])(
    'of concurrent changes by %i instances, exactly one is accepted, the others are told, and it is the last record',
    async (count) => {
      const { admins, byHand, last } = logOf(count)
      byHand('first')
      for (const { poll } of admins) poll()
      const results = await Promise.allSettled(
        admins.map(({ writes, newest }, index) => writes.write('wh_a', `by ${index}`, newest(), {})),
      )
      const held = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [`by ${index}`] : []))
      expect(held).toHaveLength(1)
      expect(last()).toBe(held[0])
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Overtaken)
    },
  )

  test('changes one after another are all accepted', async () => {
    const { admins, last } = logOf(2)
    for (const [index, { writes, poll, newest }] of admins.entries()) {
      poll()
      await writes.write('wh_a', `by ${index}`, newest(), {})
    }
    expect(last()).toBe('by 1')
  })

  test('a change by an operator in between is not undone, and neither is a deletion', async () => {
    for (const value of ['by hand', null]) {
      const { admins, byHand, last } = logOf(1)
      const write = admins[0]?.writes.write('wh_a', 'late', -1, {})
      byHand(value)
      await expect(write).rejects.toBeInstanceOf(Overtaken)
      expect(last()).toBe(value)
    }
  })

  test('an accepted change is the last record, or the last one was decided on it', async () => {
    const delays = fc.array(fc.nat(6), { minLength: 2, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(delays, async (starts) => {
        const { admins, last } = logOf(starts.length)
        const results = await Promise.allSettled(
          admins.map(async ({ writes, newest, poll }, index) => {
            await turns(starts[index] ?? 0)
            poll()
            const basis = newest()
            await writes.write('wh_a', `by ${index}`, basis, {})
          }),
        )
        const held = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [`by ${index}`] : []))
        expect(held.length).toBeGreaterThan(0)
        expect(held).toContain(last())
      }),
      { numRuns: 300 },
    )
  })
})
