/** The ids answered for lately, oldest forgotten first: a record that comes twice is sent once. */
export class RecentIds {
  readonly #ids = new Set<string>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= this.#capacity) return
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest)
      break
    }
  }
}
