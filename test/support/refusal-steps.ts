import { readFile } from 'node:fs/promises'
import { inject } from 'vitest'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import { recordLetter } from '../../services/domain/delivery/dead-letter.ts'
import type { AttemptSummary, DeadLetter, Delivery, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import type { Kafka } from '../../services/platform/kafka/client.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import type { FaultyStack } from './faulty-stack.ts'
import { messageOf } from './load.ts'
import { countRecords, openCodec, openKafka, openProducer } from './topic-reader.ts'

/** The dispatcher waits a minute before it writes a refused definition again. */
const waitMs = 120_000

/** Steps of the cases of refused topics: what they do and look for in a running stack. */
export class RefusalSteps {
  readonly world: FaultyStack
  readonly #letters: () => Promise<DeadLetter[]>
  readonly #kafka: Kafka
  #number = 0

  /** @param letters what webhook-dead-letters holds. */
  constructor(world: FaultyStack, letters: () => Promise<DeadLetter[]>) {
    this.world = world
    this.#letters = letters
    this.#kafka = openKafka(inject('brokers'))
  }

  /** @throws Error if it does not become true within the limit. */
  async until(what: string, isDone: () => Promise<boolean> | boolean): Promise<void> {
    for (const startMs = systemClock.monotonicMs(); !(await isDone()); await systemClock.sleep(100))
      if (systemClock.monotonicMs() - startMs > waitMs) throw new Error(`did not happen: ${what}`)
  }

  inTopic({ name }: Topic): string {
    return this.world.stack.topicPrefix + name
  }

  /** Number of records that the topic has had. */
  count(topic: Topic): Promise<number> {
    return countRecords(this.#kafka, this.inTopic(topic))
  }

  /** A text that no other one of this run equals. */
  next(what: string): string {
    return `${this.world.businessId}-${what}-${this.#number++}`
  }

  /** A message of a new contact for the webhook with this number. */
  event(which: number) {
    const { channels, businessId } = this.world
    return messageOf({ channel: channels[which] ?? '', contactId: this.next('contact') }, 0, businessId)
  }

  /** @returns the status that the producer answers. */
  async post(event: object): Promise<number> {
    const { stack, token } = this.world
    const response = await fetch(`${stack.service('producer').url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [event] }),
    })
    return response.status
  }

  /** @returns the event's id. */
  async publishTo(which: number): Promise<string> {
    const event = this.event(which)
    await this.until('the event is accepted', async () => (await this.post(event)) === 202)
    return event.eventId
  }

  /** @returns the status that admin answers. */
  async call(method: 'post' | 'put', path: string, json: object): Promise<number> {
    return (await this.world.admin.http(path, { method, json, throwHttpErrors: false })).statusCode
  }

  /** @returns the status of a sign-in with a new login token. */
  async login(): Promise<number> {
    const { hash, origin } = new URL(await this.world.stack.loginUrl({ role: 'super_admin', businessId: '*' }))
    const body = JSON.stringify({ token: hash.slice(1) })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${origin}/api/v1/session`, { method: 'POST', headers, body })).status
  }

  buried(what: string, isMeant: (letter: DeadLetter) => boolean): Promise<void> {
    return this.until(`a dead letter: ${what}`, async () => (await this.#letters()).some(isMeant))
  }

  logged(service: ServiceName, text: string): Promise<void> {
    const { logFile } = this.world.stack.service(service)
    return this.until(`${service} logs: ${text}`, async () => (await readFile(logFile, 'utf8')).includes(text))
  }

  /** Writes a record that cannot be read. */
  async spoil(topic: Topic): Promise<void> {
    await using producer = await openProducer(this.#kafka)
    await producer.send({ topic: this.inTopic(topic), key: 'spoiled', value: Buffer.from('spoiled') })
  }

  /** Writes a dead letter of a record that could not be read, as services do. */
  async buryUnread(source: Topic): Promise<void> {
    const topic = topics.webhookDeadLetters
    const codec = openCodec(inject('schemaRegistryUrl'))
    const encode = await codec.encoder<DeadLetter>(`${this.inTopic(topic)}-value`, readSchema(topic))
    const [key, value] = [Buffer.from('spoiled'), Buffer.from('spoiled')]
    const letter = recordLetter(
      'unreadable',
      { topic: this.inTopic(source), partition: 0, offset: 0, key, value },
      'spoiled',
      systemClock.nowMs(),
    )
    await using producer = await openProducer(this.#kafka)
    await producer.send({ topic: this.inTopic(topic), key, partition: 0, value: encode(letter) })
  }

  /** Offers the dispatcher a notification that has been tried before. @returns its id. */
  async offerTried(which: number, attemptsBefore: number): Promise<string> {
    const { channels, webhookPaths, businessId } = this.world
    const topic = topics.webhookReplays
    const codec = openCodec(inject('schemaRegistryUrl'))
    const encode = await codec.encoder<PendingDelivery>(`${this.inTopic(topic)}-value`, readSchema(topic))
    const webhookId = webhookPaths[which]?.split('/').at(-1) ?? ''
    const deliveryId = this.next('tried')
    const failure = { startedAt: 1, latencyMs: 1, outcome: 'error', cause: '5xx', status: 500 } as const
    const attempts = Array.from(
      { length: attemptsBefore },
      (_unused, index): AttemptSummary => ({ ...failure, attempt: index + 1, responseExcerpt: 'no' }),
    )
    const delivery: Delivery = {
      deliveryId,
      webhookId,
      businessId,
      eventId: deliveryId,
      kind: 'message',
      chatChannelId: channels[which] ?? '',
      contactId: deliveryId,
      body: Buffer.from('{}'),
      traceparent: null,
      createdAt: systemClock.nowMs(),
      definitionVersion: 1,
      definitionOffset: 0,
    }
    const value = encode({ delivery, attempts, dueAt: 1, why: 'replay', replayId: deliveryId, parkedSince: null })
    await using producer = await openProducer(this.#kafka)
    await producer.send({ topic: this.inTopic(topic), key: webhookId, value })
    return deliveryId
  }
}
