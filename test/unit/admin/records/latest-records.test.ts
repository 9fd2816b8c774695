import { expect, test } from 'vitest'
import { LatestRecords } from '../../../../services/admin/records/latest-records.ts'
import type { Decoded } from '../../../../services/platform/avro/codec.ts'

const record = (key: string | null, text: string | null, schemaId = 1) => {
  const header = Buffer.from([0, 0, 0, 0, schemaId])
  return {
    key: key === null ? null : Buffer.from(key),
    value: text === null ? null : Buffer.concat([header, Buffer.from(text)]),
  }
}

/** A decoder that reads schema 1 at once, and schema 2 on request. */
function bench() {
  const changed: string[] = []
  const schema = Promise.withResolvers<void>()
  let known = false
  const decode = (bytes: Buffer): Decoded<string> | Promise<Decoded<string>> => {
    const text = bytes.subarray(5).toString()
    const decoded: Decoded<string> = text === '?' ? { ok: false, reason: 'damaged' } : { ok: true, value: text }
    return bytes[4] === 2 && !known ? schema.promise.then(() => decoded) : decoded
  }
  const options = {
    topic: 't',
    groupPrefix: 'g',
    decode,
    onChange: (key: string) => void changed.push(key),
    fail: () => expect.unreachable(),
  }
  const arrive = () => {
    known = true
    schema.resolve()
  }
  return { records: new LatestRecords<string>(options), changed, arrive }
}

test('the newest record of a key counts, a tombstone deletes, and a damaged record is ignored', () => {
  const { records, changed } = bench()
  records.apply(record('a', 'one'))
  records.apply(record('b', 'two'))
  records.apply(record('a', 'three'))
  expect(['a', 'b', 'c'].map((key) => records.get(key))).toEqual(['three', 'two', undefined])
  records.apply(record('a', null))
  records.apply(record('b', '?'))
  records.apply(record(null, 'four'))
  expect(['a', 'b'].map((key) => records.get(key))).toEqual([undefined, undefined])
  expect(changed).toEqual(['a', 'b', 'a', 'a', 'b'])
})

test('a change is announced once its schema is known, and the record can be read by then', async () => {
  const { records, changed, arrive } = bench()
  records.apply(record('a', 'one', 2))
  expect([records.get('a'), changed]).toEqual([undefined, []])
  arrive()
  await expect.poll(() => changed).toEqual(['a'])
  records.apply(record('a', 'two', 2))
  expect([records.get('a'), changed]).toEqual(['two', ['a', 'a']])
})

test('the latest records are copies that do not keep the batch in memory', () => {
  const { records } = bench()
  const written = record('a', 'one')
  records.apply(written)
  written.value?.fill(0, 5)
  expect(records.get('a')).toBe('one')
})
