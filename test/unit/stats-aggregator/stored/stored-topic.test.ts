import { expect, test } from 'vitest'
import type { TableOptions } from '../../../../services/platform/kafka/readers/table.ts'
import { failUnlessAbandoned, WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'
import { StoredTopic, sourceIn } from '../../../../services/stats-aggregator/stored/stored-topic.ts'

const [here, other] = ['Zx3pQ0vVTk6wq_d5-Xm1Aw', 'AAAAAAAAQACAAAAAAAAAAQ']

test.each([
  ['of the log that is folded', here, here, 60],
  ['of an earlier version, without a log', here, null, 60],
  ['where the broker tells no ids', null, other, 60],
  ['of a log that was recreated since', here, other, -1],
])('a state %s is continued or discarded by its log', (_name, logId, stored, offset) => {
  expect(sourceIn(logId, { partition: 3, offset: 60, logId: stored })).toEqual({ partition: 3, offset, logId })
})

test('a stored state whose schema is abandoned because the process stops is no fault, and nothing counts as caught up', async () => {
  const schema = Promise.withResolvers<never>()
  const faults: unknown[] = []
  let onRecord: TableOptions['onRecord'] = () => undefined
  const openTable = async (options: TableOptions) => {
    onRecord = options.onRecord
    return { caughtUp: async () => undefined } as never
  }
  const decode = () => schema.promise
  const fail = failUnlessAbandoned((fault) => faults.push(fault))
  const options = { topic: 'webhook-stats', decode, decodeHead: decode, sourceLogId: null, fail }
  const stored = await StoredTopic.open({ openTable }, options, {} as never)
  onRecord(
    { topic: 'webhook-stats', partition: 0, offset: 0, key: null, value: Buffer.alloc(9), headers: {}, timestampMs: 0 },
    () => undefined,
  )
  schema.reject(new WaitAbandoned('the registry does not answer'))
  for (const _look of [1, 2]) await expect(stored.caughtUp()).rejects.toThrow(WaitAbandoned)
  expect(faults).toEqual([])
})
