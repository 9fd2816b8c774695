/**
 * The deliveries answered for lately, oldest forgotten first: a record that comes twice is sent once. A delivery that went
 * to a delay topic comes back with the attempts made so far, and is then not the same again.
 *
 * Forgotten half the capacity at a time. Deleting the oldest entry of one full Map each time leaves holes that the next
 * search for the oldest walks through: beyond 100,000 deliveries a drain fell to two thirds of its rate.
 */
export class RecentIds {
  readonly #generationSize: number
  #recent = new Map<string, number>()
  #older: ReadonlyMap<string, number> = new Map()

  /** @param capacity at most so many are remembered, and at least the last half of that. */
  constructor(capacity: number) {
    this.#generationSize = Math.ceil(capacity / 2)
  }

  /** @param attempts made before, as the record says. */
  has(id: string, attempts: number): boolean {
    const answered = this.#recent.get(id) ?? this.#older.get(id)
    return answered !== undefined && attempts < answered
  }

  /** @param attempts that the answer covers; Infinity when the delivery is settled. */
  add(id: string, attempts: number): void {
    if (this.#generationSize === 0) return
    if (this.#recent.size >= this.#generationSize) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(id, attempts)
  }
}
