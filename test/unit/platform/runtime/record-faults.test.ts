import { setTimeout as sleepMs } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RecordFaults, SetAside } from '../../../../services/platform/runtime/record-faults.ts'
import { WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'

const broken = () => {
  throw new TypeError('no such thing')
}

describe('exceptions of records', () => {
  it('a step that throws is tried again, and forgotten when it succeeds', () => {
    const { faults, logged } = world()
    let tries = 0
    const step = () => (++tries === 1 ? broken() : 'done')
    expect(faults.guard(at(0), 'deciding', () => 'shop', step)).toBe('done')
    expect(logged).toEqual([])
  })

  it('a record that throws twice becomes a dead letter with the detail, logged and counted once, when another record is handled', async () => {
    const { faults, logged, count } = world()
    const aside = faults.guard(at(0), 'deciding', () => 'shop', broken)
    if (!(aside instanceof SetAside)) throw new Error('not set aside')
    faults.guard(
      at(1),
      'deciding',
      () => 'shop',
      () => 'fine',
    )
    expect(await aside.detail).toBe('deciding: no such thing')
    expect(logged).toEqual([at(0)])
    expect(count()).toBe(1)
  })

  it('a record that throws twice becomes a dead letter after a while if no other record comes', async () => {
    const { faults, tick } = world()
    const aside = faults.guard(at(0), 'deciding', () => 'shop', broken)
    tick()
    expect(await (aside as SetAside).detail).toBe('deciding: no such thing')
  })

  it('an exception for 20 records of several owners in a row ends the process, and none of them is set aside', async () => {
    const { faults, failed, logged } = world()
    const asides = Array.from({ length: 20 }, (_unused, n) =>
      faults.guard(at(n), 'deciding', () => `shop-${n % 2}`, broken),
    )
    expect(failed).toEqual(['20 records in a row cannot be handled: deciding'])
    await Promise.race([...asides.map((aside) => (aside as SetAside).detail), sleepMs(20)])
    expect(logged).toEqual([])
  })

  it('exceptions for records of one owner never end the process', () => {
    const { faults, failed } = world()
    for (let n = 0; n < 1_000; n++) faults.guard(at(n), 'deciding', () => 'shop', broken)
    expect(failed).toEqual([])
  })

  it('a step that fails for every record ends the process, even if an earlier step succeeds for each', () => {
    const { faults, failed } = world()
    for (let n = 0; n < 20; n++) {
      const owner = () => `shop-${n}`
      faults.guard(at(n), 'decoding', owner, () => 'fine')
      faults.guard(at(n), 'deciding', owner, broken)
    }
    expect(failed).toEqual(['20 records in a row cannot be handled: deciding'])
  })

  it('exceptions are counted from zero again after a record that was handled', () => {
    const { faults, failed } = world()
    for (let n = 0; n < 100; n++) {
      faults.guard(at(n), 'deciding', () => `shop-${n}`, broken)
      if (n % 19 === 0)
        faults.guard(
          at(n),
          'deciding',
          () => 'other',
          () => null,
        )
    }
    expect(failed).toEqual([])
  })

  it("an exception in a step that waits is that record's alone", async () => {
    const { faults } = world()
    const aside = await faults.guardAsync(
      at(0),
      'writing',
      () => 'shop',
      () => Promise.reject(new Error('refused')),
    )
    await faults.guardAsync(
      at(1),
      'writing',
      () => 'shop',
      () => Promise.resolve(1),
    )
    expect(await (aside as SetAside).detail).toBe('writing: refused')
  })

  it('a record whose step was abandoned because the process stops is not set aside: the next owner handles it', async () => {
    const { faults, failed, logged } = world()
    const abandoned = new WaitAbandoned('the registry does not answer')
    const owner = () => 'shop'
    const guard = (run: () => Promise<unknown>) => faults.guardAsync(at(0), 'decoding', owner, run)
    await expect(guard(() => Promise.reject(abandoned))).rejects.toBe(abandoned)
    let tries = 0
    const thenAbandoned = () => Promise.reject(++tries === 1 ? new Error('a bug') : abandoned)
    await expect(guard(thenAbandoned)).rejects.toBe(abandoned)
    expect([failed, logged]).toEqual([[], []])
  })
})

function at(offset: number) {
  return { topic: 'message-events', partition: 3, offset }
}

function world() {
  const logged: unknown[] = []
  const failed: string[] = []
  const sleepers = new Set<() => void>()
  let counted = 0
  const faults = new RecordFaults({
    clock: {
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          sleepers.add(resolve)
          signal?.addEventListener('abort', () => resolve())
        }),
    },
    log: {
      error: ({ topic, partition, offset }: ReturnType<typeof at>) => logged.push({ topic, partition, offset }),
    } as never,
    fail: (error) => failed.push((error as Error).message),
    onSetAside: () => void counted++,
  })
  return { faults, logged, failed, count: () => counted, tick: () => [...sleepers].map((wake) => wake()) }
}
