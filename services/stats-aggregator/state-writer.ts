import { type BatchingProducer, RecordRefused } from '../platform/kafka/producer.ts'
import { type RecordFaults, SetAside } from '../platform/record-faults.ts'
import type { State } from './fold.ts'

export type StateWriterContext<S> = {
  topic: string
  encode: (state: S) => Buffer
  /** Of what is left when Kafka refuses the whole; null: nothing. */
  encodeReduced: ((state: S) => Buffer) | null
  send: BatchingProducer['send']
  faults: RecordFaults
}

/** Writes states. One that cannot be encoded, or that Kafka refuses, stops neither the others nor the commits. */
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
    const { encode, encodeReduced, faults } = this.#context
    try {
      return await this.#send(state, 'encoding statistics', encode)
    } catch (refused) {
      if (!(refused instanceof RecordRefused)) throw refused
      const left = encodeReduced && (await this.#send(state, 'encoding counts', encodeReduced).catch(onlyRefusals))
      if (left !== null && !(left instanceof RecordRefused)) return left
      const error = left ?? refused
      faults.setAside({ position: this.#position(state), step: 'writing statistics', owner: state.webhookId, error })
      return 0
    }
  }

  async #send(state: S, step: string, encode: (state: S) => Buffer): Promise<number> {
    const { topic, send, faults } = this.#context
    const owner = () => state.webhookId
    const value = faults.guard(this.#position(state), step, owner, () => encode(state))
    if (value instanceof SetAside) return 0
    await send({ topic, key: state.webhookId, value, partition: state.source.partition })
    return value.length
  }

  /** The last record that is counted, in the topic of the states. */
  #position({ source }: S): { topic: string; partition: number; offset: number } {
    return { topic: this.#context.topic, ...source }
  }
}

function onlyRefusals(error: unknown): RecordRefused {
  if (error instanceof RecordRefused) return error
  throw error
}
