import { expect, test } from 'vitest'
import { free, grown, IdTable } from '../../../../../services/admin/replay/id-table.ts'
import { newReplayId } from '../../../../../services/admin/replay/replay-progress.ts'
import { Standings } from '../../../../../services/admin/replay/replay-status.ts'
import { Selected } from '../../../../../services/admin/replay/selection/replay-selected.ts'
import { delivery, letter, pending } from '../replay-support.ts'

test('an id table numbers ids in the order of their first occurrence, at any size', () => {
  const table = new IdTable()
  for (let number = 0; number < 50_000; number++) expect(table.add(`id ${number}`)).toBe(number)
  for (let number = 0; number < 50_000; number += 7) expect(table.find(`id ${number}`)).toBe(number)
  expect(table.add('id 49999')).toBe(49_999)
  expect([table.size, table.find('another')]).toEqual([50_000, -1])
})

test('a column that grows or is freed leaves no memory to the collector', () => {
  const column = Float64Array.of(1, 2, 3)
  const larger = grown(column, 4)
  expect([...larger]).toEqual([1, 2, 3, 0, 0, 0])
  expect(column.byteLength).toBe(0)
  expect(grown(larger, 6)).toBe(larger)
  free(larger)
  expect(larger.byteLength).toBe(0)
})

test('every dead letter is found, however many there are', () => {
  const standings = new Standings()
  const ids = Array.from({ length: 10_000 }, (_unused, number) => `d${number}`)
  for (const id of ids) standings.addLetter(letter(id, 1))
  expect(ids.filter((id) => standings.givenUpAt(id) === null)).toEqual([])
  const replayId = newReplayId(1_700_000_000_000, '0123456789abcdef')
  for (const id of ids.map((id) => `new ${id}`)) {
    standings.addReplay(pending(id, replayId))
    standings.addLetter(letter(id, 1))
  }
  expect(ids.filter((id) => standings.givenUpAt(`new ${id}`) !== null)).toEqual([])
})

test('chunks contain every notification once, oldest first, within a limit of number and bytes', async () => {
  const selected = new Selected<string>()
  const count = 12_000
  // Deliveries are not in the order of their creation, and each is larger than a thousandth of a chunk.
  for (let offset = 0; offset < count; offset++)
    selected.add('deadLetters', delivery(`d${offset}`, (offset * 7_919) % count), {
      offset,
      bytes: offset < 3_000 ? 8_192 : 100,
    })
  const read = async (
    _source: string,
    { from, to }: { from: number; to: number },
    wanted: (offset: number) => boolean,
    onDelivery: (found: ReturnType<typeof delivery>, offset: number) => void,
  ) => {
    for (let offset = from; offset < to; offset++)
      if (wanted(offset)) onDelivery(delivery(`d${offset}`, (offset * 7_919) % count), offset)
  }
  const times: number[] = []
  for await (const chunk of selected.chunks(read)) {
    expect(chunk.length).toBeLessThanOrEqual(5_000)
    const bytes = chunk.reduce(
      (sum, { delivery: { deliveryId } }) => sum + (Number(deliveryId.slice(1)) < 3_000 ? 8_192 : 100),
      0,
    )
    expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024)
    times.push(...chunk.map(({ delivery: { createdAt } }) => createdAt))
  }
  expect(times).toEqual(Array.from({ length: count }, (_unused, index) => index))
})
