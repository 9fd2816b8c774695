/** A set of offsets, kept as runs: pairs of the first one and the one after the last. */
export class OffsetRuns {
  /** Ascending, without touching each other. */
  #runs: [from: number, to: number][] = []

  get isEmpty(): boolean {
    return this.#runs.length === 0
  }

  has(offset: number): boolean {
    const run = this.#runs[this.#endingBehind(offset)]
    return run !== undefined && run[0] <= offset
  }

  /** Adds the offsets from `from` to before `to`. */
  add(from: number, to: number): void {
    if (from >= to) return
    // A run that ends at `from` touches the new one, too.
    const first = this.#endingBehind(from - 1)
    let last = first
    let [start, end] = [from, to]
    for (let run = this.#runs[last]; run !== undefined && run[0] <= to; run = this.#runs[++last]) {
      start = Math.min(start, run[0])
      end = Math.max(end, run[1])
    }
    this.#runs.splice(first, last - first, [start, end])
  }

  /** Removes the offsets before `offset`. */
  dropBefore(offset: number): void {
    const [first, ...others] = this.#runs.slice(this.#endingBehind(offset))
    this.#runs = first ? [[Math.max(first[0], offset), first[1]], ...others] : []
  }

  [Symbol.iterator](): Iterator<readonly [from: number, to: number]> {
    return this.#runs.values()
  }

  /** Index of the first run that ends after the offset. */
  #endingBehind(offset: number): number {
    let [low, high] = [0, this.#runs.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#runs[middle]?.[1] ?? 0) > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}
