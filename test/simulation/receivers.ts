import type { HttpClient, HttpRequest, HttpSenderOptions } from '../../services/dispatcher/http/http-sender.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { choosePartition } from '../../services/platform/kafka/partitioning/key-partition.ts'
import type { SimulatedCluster } from './kafka/cluster.ts'
import type { Answering } from './plan.ts'
import type { SimulatedProcess } from './process.ts'
import type { World } from './world.ts'

/** One request, as its receiver saw it. */
export type ReceivedRequest = {
  process: SimulatedProcess
  webhookId: string
  /** Partition number of the webhook. */
  partition: number
  deliveryId: string
  attempt: number
  body: Buffer
  startedMs: number
  /** The same by its sender's clock. */
  startedAt: number
  /** True if its sender had the partition for Kafka: one that was paused may not know that it was expelled. */
  isOfOwner: boolean
  /** True if it was answered with success. */
  isAccepted: boolean
}

/** Every webhook's receiver, and the log of all of them. */
export class Receivers {
  readonly #world: World
  readonly #cluster: SimulatedCluster
  readonly log: ReceivedRequest[] = []
  /** Webhook -> how its receiver answers at present; those that are missing answer 200. */
  readonly answering = new Map<string, Answering>()
  /** Requests that have no answer yet. */
  inFlight = 0

  constructor(cluster: SimulatedCluster) {
    this.#world = cluster.world
    this.#cluster = cluster
  }

  /** The HTTP client of one process. */
  reachedBy(process: SimulatedProcess, { mayStart = () => true }: HttpSenderOptions): AsyncDisposable & HttpClient {
    return {
      post: (request, ended) =>
        void process.after(this.#world.random() * 0.2, () => {
          if (mayStart() && request.isWanted?.() !== false) this.#send(process, request, ended)
          else ended(null)
        }),
      pauseMs: 0,
      openSocket: () => {
        throw new Error('no webhook of the simulation needs a token')
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  #send(process: SimulatedProcess, request: HttpRequest, ended: (outcome: Outcome) => void): void {
    const world = this.#world
    const startedMs = world.nowMs
    const webhookId = (request.origin.slice('https://'.length).split('.')[0] ?? '').replace('-', '_')
    const partition = choosePartition(webhookId, this.#cluster.partitions('webhook-deliveries').length)
    if (!this.#cluster.ownership.has(process, partition))
      this.#cluster.violation(`${process.name} sends to ${webhookId}, whose partition ${partition} is not its own`)
    const received = {
      process,
      webhookId,
      partition,
      deliveryId: headerOf(request, 'webhook-id'),
      attempt: Number(headerOf(request, 'x-webhook-attempt')),
      body: request.body,
      startedMs,
      startedAt: process.clock.nowMs(),
      isOfOwner: this.#cluster.group('dispatcher').ownerOf('webhook-deliveries', partition) === process.name,
      isAccepted: false,
    }
    const arrivesMs = world.between(0.2, 20)
    const answering = this.answering.get(webhookId)
    const answersMs = arrivesMs + this.#timeOf(answering)
    world.after(arrivesMs, () => {
      this.log.push(received)
      world.trace(`post ${process.name} ${webhookId} ${received.deliveryId} ${received.attempt}`)
    })
    this.inFlight++
    const isLate = answersMs > request.timeoutMs
    world.after(isLate ? request.timeoutMs : answersMs, () => {
      this.inFlight--
      const latencyMs = Math.round(world.nowMs - startedMs)
      const outcome: Outcome = isLate
        ? { kind: 'unreachable', reason: 'timeout', latencyMs, detail: '' }
        : this.#outcome(answering, latencyMs)
      received.isAccepted = outcome.kind === 'success'
      process.run(() => ended(outcome))
    })
  }

  #timeOf(answering: Answering | undefined): number {
    if (answering === 'never answers') return Number.POSITIVE_INFINITY
    return answering === 'slow' ? this.#world.between(500, 9_000) : this.#world.between(0.5, 80)
  }

  #outcome(answering: Answering | undefined, latencyMs: number): Outcome {
    switch (answering) {
      case 'fails':
        return { kind: 'refused', status: 503, latencyMs }
      case 'refuses':
        return { kind: 'refused', status: 400, latencyMs }
      case 'asks to wait':
        return { kind: 'refused', status: 429, latencyMs, retryAfterMs: 5_000 }
      case 'asks to wait long':
        return { kind: 'refused', status: 429, latencyMs, retryAfterMs: 90_000 }
      default:
        return { kind: 'success', status: 200, latencyMs }
    }
  }
}

function headerOf({ headers }: HttpRequest, name: string): string {
  return headers[headers.indexOf(name) + 1] ?? ''
}
