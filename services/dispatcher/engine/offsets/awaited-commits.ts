/** Progress of a topic as a commit would show it. */
export type ShownProgress = {
  /** Offset after the last record that was taken. */
  next: number
  isFinished: (offset: number) => boolean
}

/**
 * Records that webhook-attempts answers for, while a commit would not say so yet: until it does, a successor has to read
 * these attempts. Others have answered for them, or they are to be read again.
 */
export class AwaitedCommits {
  readonly #answered = new Map<string, Set<number>>()
  /** Topic -> offset that reading has to reach again. */
  readonly #rewound = new Map<string, number>()

  /** Notes a record that an attempt of another owner answers for. */
  answer(topic: string, offset: number): void {
    const offsets = this.#answered.get(topic)
    if (offsets) offsets.add(offset)
    else this.#answered.set(topic, new Set([offset]))
  }

  /** Notes that a topic is read again. @param next offset that reading had reached. */
  rewind(topic: string, next: number): void {
    this.#rewound.set(topic, Math.max(this.#rewound.get(topic) ?? 0, next))
  }

  /** Forgets what commits show from now on. @returns whether nothing is left. */
  settle(shown: (topic: string) => ShownProgress): boolean {
    for (const [topic, next] of this.#rewound) if (shown(topic).next >= next) this.#rewound.delete(topic)
    for (const [topic, offsets] of this.#answered) {
      const { isFinished } = shown(topic)
      for (const offset of offsets) if (isFinished(offset)) offsets.delete(offset)
      if (offsets.size === 0) this.#answered.delete(topic)
    }
    return this.#rewound.size + this.#answered.size === 0
  }
}
