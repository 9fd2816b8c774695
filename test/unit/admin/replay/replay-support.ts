import type { ReadPool } from '../../../../services/admin/records/read-pool.ts'
import type { Reader } from '../../../../services/admin/records/webhook-records.ts'
import type {
  ReadNewAttempts,
  ReplayScans,
  ReplayTopics,
  Scan,
} from '../../../../services/admin/replay/replay-topics.ts'
import type { EventScans } from '../../../../services/admin/replay/selection/event-scans.ts'
import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../../../services/domain/delivery/delivery.ts'
import type { ReplayOrder } from '../../../../services/domain/delivery/replay-orders.ts'
import { answeredAttempt } from '../../../support/sample-attempts.ts'

/** A notification of webhook wh_a of business b1. */
export function delivery(deliveryId: string, createdAt = 0): Delivery {
  return {
    deliveryId,
    webhookId: 'wh_a',
    businessId: 'b1',
    eventId: `event of ${deliveryId}`,
    kind: 'message',
    chatChannelId: 'c1',
    contactId: 'u1',
    body: Buffer.from(`{"id":"${deliveryId}"}`),
    traceparent: null,
    createdAt,
    definitionVersion: 1,
    definitionOffset: 0,
  }
}

export function attempt(deliveryId: string, fields: Partial<Attempt> = {}): Attempt {
  const { body: _body, traceparent: _trace, createdAt, ...ids } = delivery(deliveryId)
  return {
    ...answeredAttempt,
    ...ids,
    deliveryCreatedAt: createdAt,
    ...fields,
  }
}

export function letter(deliveryId: string, deadLetteredAt: number): DeadLetter {
  const source = { topic: 'webhook-deliveries', partition: 0, offset: 0, key: null, value: null }
  return { reason: 'refused', detail: null, deadLetteredAt, delivery: delivery(deliveryId), attempts: [], source }
}

export function pending(deliveryId: string, replayId: string): PendingDelivery {
  return { delivery: delivery(deliveryId), attempts: [], dueAt: 0, why: 'replay', replayId, parkedSince: null }
}

/** Topics of one webhook as arrays, which every scan returns completely; offsets are indices. */
export class FakeReplayTopics implements ReplayTopics {
  made: Delivery[] = []
  attempted: Attempt[] = []
  letters: DeadLetter[] = []
  pending: PendingDelivery[] = []
  tests: PendingDelivery[] = []
  stops: string[] = []
  probes: string[] = []
  /** Result of a test by the dispatcher; null for none. */
  answerTest: (deliveryId: string) => Attempt | null = (deliveryId) => attempt(deliveryId, { test: true })

  within(): ReplayScans {
    return {
      ...noEvents,
      deliveries: scanOf(() => this.made),
      attempts: scanOf(() => this.attempted),
      deadLetters: scanOf(() => this.letters),
      replays: async (webhookId, sinceMs, onValue, onStop) => {
        await scanOf(() => this.pending)(webhookId, sinceMs, onValue)
        for (const replayId of this.stops) onStop(replayId)
      },
      findWhole: async (_webhookId, deliveryId) =>
        [...this.made, ...this.letters, ...this.pending]
          .map((of) => ('delivery' in of ? of.delivery : of))
          .find((each) => each?.deliveryId === deliveryId) ?? undefined,
      readWhole: async (source, _webhookId, { from, to }, wanted, onDelivery) => {
        const held = source === 'deadLetters' ? this.letters : this.pending
        const all = source === 'deliveries' ? this.made : held.map(({ delivery }) => delivery)
        for (let offset = from; offset < to; offset++) {
          const delivery = all[offset]
          if (wanted(offset) && delivery) onDelivery(delivery, offset)
        }
      },
    }
  }

  async write(all: PendingDelivery[]): Promise<void> {
    this.pending.push(...all)
  }

  async writeOrder(_reader: Reader, _webhookId: string, order: ReplayOrder): Promise<void> {
    if (order.kind === 'stop') this.stops.push(order.replayId)
    else this.probes.push(order.webhookId)
  }

  async writeTest(pending: PendingDelivery): Promise<void> {
    this.tests.push(pending)
  }

  async followAttempts(): Promise<ReadNewAttempts> {
    let from = this.tests.length
    return async (_reader, onAttempt) => {
      const answers = this.tests.slice(from).map(({ delivery: { deliveryId } }) => this.answerTest(deliveryId))
      from = this.tests.length
      for (const answer of answers) if (answer) onAttempt(answer)
    }
  }
}

const noEvents: EventScans = {
  formatted: async () => new Map(),
  events: async () => undefined,
  readEvents: async () => undefined,
}

/** Runs everything at once, for fakes that need no reader. */
export const anyReads: Pick<ReadPool, 'run'> = { run: (_businessId, _ended, work) => work({} as Reader) }

function scanOf<T>(values: () => T[]): Scan<T> {
  return async (_webhookId, _sinceMs, onValue) => {
    for (const [offset, value] of values().entries()) onValue(value, { offset, bytes: 1_000 })
  }
}
