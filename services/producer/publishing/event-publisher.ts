import type { Event } from '../../domain/event/event.ts'
import { Codec } from '../../platform/avro/codec.ts'
import type { Registry } from '../../platform/avro/registry.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { type BuildRecord, createRecordBuilder, openEventEncoders } from './event-records.ts'

/** Destination of accepted events. */
export type EventSink = {
  /** Whether Kafka and the schema registry have been reached; until then, publish throws. */
  readonly isOpen: boolean
  /** Bytes of records that Kafka has not acknowledged yet. */
  readonly bufferedBytes: number
  /**
   * Resolves once all in-sync replicas have the event.
   * @throws RecordRefused when the broker will never accept it, or its topic may not be written.
   */
  publish(event: Event, traceparent?: string): Promise<void>
}

export type PublisherConnections = { kafka: Kafka; registry: Registry; use: TopicUse }

type Opened = { producer: BatchingProducer; build: BuildRecord }

/**
 * Publishes events to Kafka. It is created first and opened later, so that a server can listen and report that it is
 * not ready.
 */
export class EventPublisher implements EventSink, AsyncDisposable {
  #opened: Opened | undefined

  /** Waits for Kafka, the registry and the schemas. @param fail see BatchingProducer.open. */
  async open(
    { kafka, registry, use }: PublisherConnections,
    context: WaitContext,
    fail: (error: unknown) => void,
  ): Promise<void> {
    const encoders = await openEventEncoders(new Codec(registry, context), use)
    const producer = await BatchingProducer.open(kafka, context, fail, {
      topics: [topics.messageEvents, topics.statusEvents].map((topic) => use.write(topic)),
    })
    this.#opened = { producer, build: createRecordBuilder(encoders, use) }
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  get bufferedBytes(): number {
    return this.#opened?.producer.bufferedBytes ?? 0
  }

  async publish(event: Event, traceparent?: string): Promise<void> {
    if (!this.#opened) throw new Error('the publisher is not open yet')
    // Refused at once: while waiting, events of a forbidden topic would take the other topic's room.
    await this.#opened.producer.send({ ...this.#opened.build(event, traceparent), whileForbidden: 'refuse' })
  }

  /** Waits for the records in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.producer[Symbol.asyncDispose]()
  }
}
