import { pino } from 'pino'
import { expect, test } from 'vitest'
import { switchOff } from '../../../../services/dispatcher/outcome/write-switch-off.ts'
import type { Entry } from '../../../../services/domain/definition/definition-table.ts'
import { type OutgoingRecord, RecordRefused } from '../../../../services/platform/kafka/produce/producer.ts'
import type { RefusalKind } from '../../../../services/platform/kafka/produce/record-refused.ts'
import { definition, nowMs } from '../../admin/support.ts'

async function switchedOff(
  failing: Entry,
  onItsWay: Entry,
  refuses: (record: OutgoingRecord) => RefusalKind | null = () => null,
): Promise<OutgoingRecord[]> {
  const records: OutgoingRecord[] = []
  let current = failing
  await switchOff(failing, 'the receiver answered 410 Gone', {
    topic: 'webhook-config',
    caughtUp: async () => {
      current = onItsWay
    },
    current: () => current,
    send: async (record) => {
      const refusal = refuses(record)
      if (refusal) throw new RecordRefused('refused', refusal)
      records.push(record)
      return { partition: 0, offset: 0 }
    },
    clock: { nowMs: () => nowMs, sleep: async () => undefined },
    stopping: new AbortController().signal,
    log: pino({ level: 'silent' }),
  })
  return records
}

test('a switch-off writes into the definition that it is off, and why', async () => {
  const failing = definition({ version: 3 })
  const entry = { definition: failing, offset: 7 }
  const [record, ...more] = await switchedOff(entry, entry)
  expect(more).toEqual([])
  expect(record).toMatchObject({ topic: 'webhook-config', key: 'wh_a', partition: 0 })
  expect(JSON.parse(String(record?.value))).toEqual({
    ...failing,
    enabled: false,
    disabledReason: 'the receiver answered 410 Gone',
    version: 4,
    updatedAt: new Date(nowMs).toISOString(),
  })
})

test('a switch-off does not undo an edit that has not reached this instance yet', async () => {
  const failing = { definition: definition({ version: 3 }), offset: 7 }
  // Written by hand, with the same version.
  const edited = { definition: definition({ version: 3, url: 'https://new.example/' }), offset: 8 }
  expect(await switchedOff(failing, edited)).toEqual([])
})

test('a definition without room for the reason is switched off without it', async () => {
  const failing = { definition: definition({ version: 3 }), offset: 7 }
  const records = await switchedOff(failing, failing, ({ value }) =>
    String(value).includes('disabledReason') ? 'too-large' : null,
  )
  expect(records.map(({ value }) => JSON.parse(String(value)).enabled)).toEqual([false])
})

test.each(['too-large', 'invalid', 'forbidden'] as const)(
  'a switch-off that Kafka refuses (%s) is tried again until it is accepted, and ends no process',
  async (kind) => {
    const failing = { definition: definition({ version: 3 }), offset: 7 }
    let refusals = 5
    const records = await switchedOff(failing, failing, () => (refusals-- > 0 ? kind : null))
    expect(records).toHaveLength(1)
  },
)
