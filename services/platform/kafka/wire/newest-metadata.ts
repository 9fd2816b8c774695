import type { TopicState } from './cluster.ts'

/**
 * Facts of a log that later metadata do not take back: how many partitions it has, and the latest epoch of each leader, as
 * far as it is known.
 */
type Known = { id: string; epochs: number[] }

const unknownEpoch = -1

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

  /**
   * Notes a leader's epoch that was committed. A process that has just started knows no other, and would believe a broker
   * that is behind: the group would seem to have committed beyond the end of the log.
   */
  noteCommitted(topic: string, id: string, partition: number, epoch: number): void {
    const known = this.#known.get(topic) ?? { id, epochs: [] }
    if (known.id !== id || epoch <= (known.epochs[partition] ?? unknownEpoch)) return
    known.epochs[partition] = epoch
    this.#known.set(topic, known)
  }

  /** The latest epoch of the partition's leader, -1 if none is known. */
  epochOf(topic: string, partition: number): number {
    return this.#known.get(topic)?.epochs[partition] ?? unknownEpoch
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
