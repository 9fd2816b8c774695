import { type BatchingProducer, RecordRefused } from '../../platform/kafka/produce/producer.ts'
import { type RecordFaults, SetAside } from '../../platform/runtime/record-faults.ts'
import type { FoldState } from '../fold/fold-rules.ts'

export type StateWriterContext<S> = {
  topic: string
  encode: (state: S) => Buffer
  /** Encodes the part that is written if Kafka refuses the whole state; null if there is none. */
  encodeReduced: ((state: S) => Buffer) | null
  /** Resolves once everything that must be in Kafka before the state, as it is then, is there; null if nothing must. */
  beforeWrite: ((state: S) => Promise<void>) | null
  send: BatchingProducer['send']
  faults: RecordFaults
}

/**
 * Writes states. A state that cannot be encoded delays neither the others nor the commits. A state that Kafka refuses
 * is written in a reduced form that always fits. If even that is refused, it waits, and so does the commit: no count is
 * lost.
 */
export class StateWriter<S extends FoldState> {
  readonly #context: StateWriterContext<S>

  constructor(context: StateWriterContext<S>) {
    this.#context = context
  }

  /**
   * Writes the state.
   * @returns its bytes once Kafka has it; 0 if it is left out. Its attempts remain in their topic for a rebuild.
   */
  async write(state: S): Promise<number> {
    const { encode, encodeReduced } = this.#context
    try {
      return await this.#send(state, 'encoding statistics', encode, encodeReduced === null)
    } catch (refused) {
      if (!(refused instanceof RecordRefused) || !encodeReduced) throw refused
      return this.#send(state, 'encoding counts', encodeReduced, true)
    }
  }

  async #send(state: S, step: string, encode: (state: S) => Buffer, isLast: boolean): Promise<number> {
    const { topic, send, faults, beforeWrite } = this.#context
    // Nothing may be awaited between this and the encoding, or the state would change again.
    if (beforeWrite) await beforeWrite(state)
    const owner = () => state.webhookId
    const value = faults.guard(this.#position(state), step, owner, () => encode(state))
    if (value instanceof SetAside) return 0
    await send({ topic, key: state.webhookId, value, partition: state.source.partition, isLast })
    return value.length
  }

  /** Position of the state's last counted record, with the topic of the states. */
  #position({ source }: S): { topic: string; partition: number; offset: number } {
    return { topic: this.#context.topic, ...source }
  }
}
