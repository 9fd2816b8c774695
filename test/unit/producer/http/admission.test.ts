import { expect, test } from 'vitest'
import { Admission } from '../../../../services/producer/http/admission.ts'

/** Admits requests of 10 bytes until one is refused. @returns how many were admitted, and why the next one was not. */
function fill(admission: Admission, owner: string): [number, string] {
  for (let count = 0; ; count++) {
    const entered = admission.enter(owner, 10)
    if (typeof entered === 'string') return [count, entered]
  }
}

test('one owner may take half of the capacity, and leaves the rest to others', () => {
  const admission = new Admission(1_000, () => 0)
  expect(fill(admission, 'a')).toEqual([51, 'share'])
  expect(fill(admission, 'b')).toEqual([25, 'share'])
  expect(fill(admission, 'c')).toEqual([13, 'share'])
  expect(admission.isFull).toBe(false)
})

test('capacity is given back once, and its owner has room again', () => {
  const admission = new Admission(100, () => 0)
  const leave = admission.enter('a', 80)
  expect(admission.enter('a', 1)).toBe('share')
  if (typeof leave === 'string') throw new Error(leave)
  leave()
  leave()
  expect(admission.heldBytes).toBe(0)
  expect(admission.enter('a', 80)).toBeTypeOf('function')
})

test('no request is admitted while records fill the memory, and shares are of what they leave', () => {
  let recordBytes = 100
  const admission = new Admission(100, () => recordBytes)
  expect(admission.enter('a', 1)).toBe('full')
  recordBytes = 60
  expect(admission.enter('a', 30)).toBeTypeOf('function')
  expect(admission.enter('a', 1)).toBe('share')
  expect(admission.enter('b', 1)).toBeTypeOf('function')
})
