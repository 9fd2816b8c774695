import { hash } from 'node:crypto'

/**
 * Numbers ids from 0 in the order of their first occurrence, so that facts about a million notifications fit into columns of
 * numbers. An id takes 16 bytes here; strings in a Map took 150. Only 64 bits of a hash are kept: among a million ids, two
 * are confused with a probability of 3 in 100 million.
 */
export class IdTable implements Disposable {
  #hashes = new Uint32Array(2 * 1_024)
  /** Slots of a hash table with open addressing and linear probing: 0, or the id's number plus one. */
  #slots = new Int32Array(2_048)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @returns the id's number, or -1. */
  find(id: string): number {
    const { high, low } = hashId(id)
    return (this.#slots[this.#findSlot(high, low)] ?? 0) - 1
  }

  /** @returns the id's number, a new one if it has none. */
  add(id: string): number {
    const { high, low } = hashId(id)
    const slot = this.#findSlot(high, low)
    const known = (this.#slots[slot] ?? 0) - 1
    if (known >= 0) return known
    const number = this.#size++
    this.#hashes = grown(this.#hashes, 2 * this.#size)
    this.#hashes[2 * number] = high
    this.#hashes[2 * number + 1] = low
    this.#slots[slot] = number + 1
    if (4 * this.#size > 3 * this.#slots.length) this.#spread()
    return number
  }

  [Symbol.dispose](): void {
    free(this.#hashes, this.#slots)
  }

  /** Slot of the id, or the empty one that it would take. */
  #findSlot(high: number, low: number): number {
    const last = this.#slots.length - 1
    let slot = low & last
    for (let entry = this.#slots[slot] ?? 0; entry !== 0; entry = this.#slots[slot] ?? 0) {
      if (this.#hashes[2 * (entry - 1)] === high && this.#hashes[2 * (entry - 1) + 1] === low) break
      slot = (slot + 1) & last
    }
    return slot
  }

  #spread(): void {
    const { length } = this.#slots
    free(this.#slots)
    this.#slots = new Int32Array(2 * length)
    for (let number = 0; number < this.#size; number++)
      this.#slots[this.#findSlot(this.#hashes[2 * number] ?? 0, this.#hashes[2 * number + 1] ?? 0)] = number + 1
  }
}

type Column = Uint32Array | Int32Array | Float64Array | Uint8Array | BigUint64Array

/**
 * Returns the column if it has room for the count, otherwise one of twice its length in its place. The memory of the
 * former one is free at once: the collector leaves tens of megabytes of such columns lying about.
 */
export function grown<C extends Column>(column: C, size: number): C {
  if (size <= column.length) return column
  const bytes = Math.max(size, 2 * column.length) * column.BYTES_PER_ELEMENT
  const memory = (column.buffer as ArrayBuffer).transfer(bytes)
  return new (column.constructor as new (memory: ArrayBuffer) => C)(memory)
}

/** Frees the memory of columns at once. They are empty afterwards. */
export function free(...columns: Column[]): void {
  for (const { buffer } of columns) (buffer as ArrayBuffer).transfer(0)
}

function hashId(id: string): { high: number; low: number } {
  const digest = hash('sha1', id, 'buffer')
  return { high: digest.readUInt32LE(0), low: digest.readUInt32LE(4) }
}
