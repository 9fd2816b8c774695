import { pino } from 'pino'
import { expect, test } from 'vitest'
import { switchOff } from '../../../services/dispatcher/switch-off.ts'
import type { Entry } from '../../../services/domain/definition-table.ts'
import type { OutgoingRecord } from '../../../services/platform/kafka/producer.ts'
import { definition, nowMs } from '../admin/support.ts'

async function switchedOff(failing: Entry, onItsWay: Entry): Promise<OutgoingRecord[]> {
  const records: OutgoingRecord[] = []
  let current = failing
  await switchOff(failing, 'the receiver answered 410 Gone', {
    topic: 'webhook-config',
    caughtUp: async () => {
      current = onItsWay
    },
    current: () => current,
    send: async (record) => {
      records.push(record)
      return { partition: 0, offset: 0 }
    },
    nowMs: () => nowMs,
    log: pino({ level: 'silent' }),
  })
  return records
}

test('the definition says that it is off, and why', async () => {
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

test('an edit that has not come to this instance yet is not undone', async () => {
  const failing = { definition: definition({ version: 3 }), offset: 7 }
  // Written by hand, with the version that there was.
  const edited = { definition: definition({ version: 3, url: 'https://new.example/' }), offset: 8 }
  expect(await switchedOff(failing, edited)).toEqual([])
})
