import { type BatchingProducer, RecordRefused } from '../../platform/kafka/produce/producer.ts'
import { type RecordFaults, SetAside } from '../../platform/runtime/record-faults.ts'
import type { State } from '../fold/fold.ts'

export type StateWriterContext<S> = {
  topic: string
  encode: (state: S) => Buffer
  /** Of what is left when Kafka refuses the whole; null: nothing. */
  encodeReduced: ((state: S) => Buffer) | null
  send: BatchingProducer['send']
  faults: RecordFaults
}

/**
 * Writes states. One that cannot be encoded stops neither the others nor the commits. One that Kafka refuses is written with
 * what always fits; where even that is refused it waits, and with it the commit: no count is lost.
 */
export class StateWriter<S extends State> {
  readonly #context: StateWriterContext<S>

  constructor(context: StateWriterContext<S>) {
    this.#context = context
  }

  /**
   * Takes the state as it is at the time of the call.
   * @returns its bytes when Kafka has it; 0 when it is left out: its attempts stand in their topic for a rebuild.
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
    const { topic, send, faults } = this.#context
    const owner = () => state.webhookId
    const value = faults.guard(this.#position(state), step, owner, () => encode(state))
    if (value instanceof SetAside) return 0
    await send({ topic, key: state.webhookId, value, partition: state.source.partition, isLast })
    return value.length
  }

  /** The last record that is counted, in the topic of the states. */
  #position({ source }: S): { topic: string; partition: number; offset: number } {
    return { topic: this.#context.topic, ...source }
  }
}
