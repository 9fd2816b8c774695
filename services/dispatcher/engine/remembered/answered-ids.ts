import { hash } from 'node:crypto'

/**
 * Deliveries answered for lately, oldest forgotten first, so that a record that occurs twice is sent once. A delivery
 * that went to a delay topic comes back with the attempts made so far, and then counts as new.
 *
 * Half of the capacity is forgotten at a time. Deleting the oldest entry of one full Map each time leaves holes,
 * through which the next search for the oldest walks: beyond 100,000 deliveries a drain fell to two thirds of its
 * rate. Ids are kept as the hashes that they are, outside V8's heap: 100,000 strings in Maps took 7 MB more, and 3 us
 * of a delivery's CPU. Own code: a cache of strings, such as lru-cache, would cost that again.
 */
export class AnsweredIds {
  readonly #tableSize: number
  #recent: IdTable
  #older: IdTable

  /** @param capacity maximum ids remembered; at least the latest half of them is kept. */
  constructor(capacity: number) {
    this.#tableSize = Math.ceil(capacity / 2)
    this.#recent = new IdTable(this.#tableSize)
    this.#older = new IdTable(this.#tableSize)
  }

  /** @param attempts made before, from the record. */
  has(id: string, attempts: number): boolean {
    if (this.#tableSize === 0) return false
    const words = toWords(id)
    const answered = this.#recent.get(words) ?? this.#older.get(words)
    return answered !== undefined && attempts < answered
  }

  /** @param attempts that the answer covers; Infinity when the delivery is settled. */
  add(id: string, attempts: number): void {
    if (this.#tableSize === 0) return
    if (this.#recent.size >= this.#tableSize) {
      const forgotten = this.#older
      this.#older = this.#recent
      this.#recent = forgotten.clear()
    }
    this.#recent.set(toWords(id), attempts)
  }
}

/** Words of 32 bits in a SHA-256. */
const idWords = 8

/**
 * Map from hashes to numbers with a fixed capacity: open addressing with linear probing; half of the slots stay free.
 */
class IdTable {
  readonly #ids: Int32Array
  readonly #values: Float64Array
  /** 0, or one more than the index of the id. */
  readonly #slots: Int32Array
  #size = 0

  constructor(capacity: number) {
    this.#ids = new Int32Array(capacity * idWords)
    this.#values = new Float64Array(capacity)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity + 1)))
  }

  get size(): number {
    return this.#size
  }

  get(id: Int32Array): number | undefined {
    const entry = this.#slots[this.#findSlot(id)] ?? 0
    return entry === 0 ? undefined : this.#values[entry - 1]
  }

  set(id: Int32Array, value: number): void {
    const slot = this.#findSlot(id)
    if (this.#slots[slot] === 0) {
      this.#ids.set(id, this.#size * idWords)
      this.#slots[slot] = ++this.#size
    }
    this.#values[(this.#slots[slot] ?? 0) - 1] = value
  }

  clear(): this {
    this.#slots.fill(0)
    this.#size = 0
    return this
  }

  /** Slot of the id, or the free one for it. */
  #findSlot(id: Int32Array): number {
    const last = this.#slots.length - 1
    let slot = (id[0] ?? 0) & last
    for (let entry = this.#slots[slot] ?? 0; entry !== 0; entry = this.#slots[slot] ?? 0) {
      if (this.#isAt(entry - 1, id)) break
      slot = (slot + 1) & last
    }
    return slot
  }

  #isAt(index: number, id: Int32Array): boolean {
    const from = index * idWords
    for (let word = 0; word < idWords; word++) if (this.#ids[from + word] !== id[word]) return false
    return true
  }
}

/** Form of the formatter's delivery ids, each of which is a hash. */
const ownId = /^msg_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
/** Decoded as base64, the prefix msg_ takes three bytes. With one byte before it, the hash begins at a word. */
const scratch = Buffer.alloc(4 + idWords * 4)
const scratchWords = new Int32Array(scratch.buffer, scratch.byteOffset + 4, idWords)

/**
 * Words of an id, which is a hash; of the hash of an id that another program made.
 * @returns valid until the next call.
 */
function toWords(id: string): Int32Array {
  if (ownId.test(id)) scratch.write(id, 1, 'base64url')
  else hash('sha256', `id ${id}`, 'buffer').copy(scratch, 4)
  return scratchWords
}
