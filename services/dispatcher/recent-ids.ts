/**
 * The deliveries answered for lately, oldest forgotten first: a record that comes twice is sent once. A delivery that went
 * to a delay topic comes back with the attempts made so far, and is then not the same again.
 */
export class RecentIds {
  readonly #answered = new Map<string, number>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** @param attempts made before, as the record says. */
  has(id: string, attempts: number): boolean {
    const answered = this.#answered.get(id)
    return answered !== undefined && attempts < answered
  }

  /** @param attempts that the answer covers; Infinity when the delivery is settled. */
  add(id: string, attempts: number): void {
    this.#answered.delete(id)
    this.#answered.set(id, attempts)
    if (this.#answered.size <= this.#capacity) return
    for (const oldest of this.#answered.keys()) {
      this.#answered.delete(oldest)
      break
    }
  }
}
