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
    const text = bytes.length < 5 ? '?' : bytes.subarray(5).toString()
    const decoded: Decoded<string> = text === '?' ? { ok: false, reason: 'damaged' } : { ok: true, value: text }
    return bytes[4] === 2 && !known ? schema.promise.then(() => decoded) : decoded
  }
  const options = {
    topic: 't',
    decode,
    onChange: (key: string) => void changed.push(key),
    fail: () => expect.unreachable(),
  }
  const arrive = () => {
    known = true
    schema.resolve()
  }
  const records = new LatestRecords<string>(options)
  const unread: string[] = []
  const apply = (made: ReturnType<typeof record>) =>
    records.apply(made, (reason) => void unread.push(`${made.key}: ${reason}`))
  return { records, apply, changed, arrive, unread }
}

test('the newest record of a key counts, a tombstone deletes, and a damaged record is ignored', () => {
  const { records, apply, changed } = bench()
  apply(record('a', 'one'))
  apply(record('b', 'two'))
  apply(record('a', 'three'))
  expect(['a', 'b', 'c'].map((key) => records.get(key))).toEqual(['three', 'two', undefined])
  apply(record('a', null))
  apply(record('b', '?'))
  apply(record(null, 'four'))
  expect(['a', 'b'].map((key) => records.get(key))).toEqual([undefined, undefined])
  expect(changed).toEqual(['a', 'b', 'a', 'a', 'b'])
})

test('a change is announced once its schema is known, and the record can be read by then', async () => {
  const { records, apply, changed, arrive } = bench()
  apply(record('a', 'one', 2))
  expect([records.get('a'), changed]).toEqual([undefined, []])
  arrive()
  await expect.poll(() => changed).toEqual(['a'])
  apply(record('a', 'two', 2))
  expect([records.get('a'), changed]).toEqual(['two', ['a', 'a']])
})

test('the latest records are copies that do not keep the batch in memory', () => {
  const { records, apply } = bench()
  const written = record('a', 'one')
  apply(written)
  written.value?.fill(0, 5)
  expect(records.get('a')).toBe('one')
})

test('a record that cannot be read is reported with its reason: when it is asked for, or at once if it names no schema', () => {
  const { records, apply, unread } = bench()
  apply(record('a', 'one'))
  apply(record('b', '?'))
  apply(record(null, 'four'))
  apply({ key: Buffer.from('c'), value: Buffer.from('?') })
  expect(unread).toEqual(['null: has no key', 'c: damaged'])
  records.get('a')
  records.get('b')
  expect(unread.slice(2)).toEqual(['b: damaged'])
})

test('a record whose schema arrives late is reported if it cannot be read, unless a newer one has come', async () => {
  const { apply, arrive, changed, unread } = bench()
  apply(record('a', '?', 2))
  apply(record('b', '?', 2))
  apply(record('b', 'two', 2))
  arrive()
  await expect.poll(() => changed.length).toBe(3)
  expect(unread).toEqual(['a: damaged'])
})
