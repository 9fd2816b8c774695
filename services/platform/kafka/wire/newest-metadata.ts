import type { TopicState } from './cluster.ts'

/** What no later metadata of the same log take back: how many partitions it has, and the latest epoch of each leader. */
type Known = { id: string; epochs: number[] }

/**
 * The newest metadata that any broker has answered with. A broker that was cut off or frozen answers with older ones: it
 * does not know of partitions that were added, and names itself as a leader that it is no more. Its log ends too early.
 */
export class NewestMetadata {
  readonly #known = new Map<string, Known>()

  /**
   * Notes the states of an answer, unless it is older than an earlier one.
   * @returns why it is older, or null.
   */
  take(states: ReadonlyMap<string, TopicState>): string | null {
    for (const [topic, state] of states) {
      const problem = findOlder(this.#known.get(topic), state)
      if (problem !== null) return `its metadata are older than another broker's: topic ${topic} ${problem}`
    }
    for (const [topic, { id, leaders, fault }] of states)
      if (fault === null) this.#known.set(topic, { id, epochs: leaders.map(({ epoch }) => epoch) })
    return null
  }
}

function findOlder(known: Known | undefined, { id, leaders, fault }: TopicState): string | null {
  // A topic that is missing may have been deleted, and another log of the name begins anew.
  if (known === undefined || fault !== null || known.id !== id) return null
  if (leaders.length < known.epochs.length) return `has ${leaders.length} partitions instead of ${known.epochs.length}`
  const partition = leaders.findIndex(({ epoch }, index) => epoch < (known.epochs[index] ?? epoch))
  if (partition === -1) return null
  return `has the leader of partition ${partition} in epoch ${leaders[partition]?.epoch} instead of ${known.epochs[partition]}`
}
