import { RecurringFault } from '../../runtime/recurring-fault.ts'
import type { WaitContext } from '../../runtime/retry-until.ts'

/** How long readiness shows a denial that does not occur again; what is denied is tried more often. */
const shownMs = 3_000

/** Shows in readiness and in the log what Kafka's ACLs deny a consumer, as long as they do. */
export class ReadDenials {
  readonly #part: string
  readonly #context: Pick<WaitContext, 'readiness' | 'clock'>
  readonly #log: RecurringFault
  #latestMs: number | null = null

  /** @param part name in readiness. */
  constructor(part: string, context: Pick<WaitContext, 'log' | 'readiness' | 'clock'>) {
    this.#part = part
    this.#context = context
    this.#log = new RecurringFault(context, 'Kafka denies reading, trying again', { part })
  }

  /** @param reason names the topic or group and the right. */
  add(reason: string): void {
    const { readiness, clock } = this.#context
    this.#latestMs = clock.monotonicMs()
    readiness.set(this.#part, reason)
    this.#log.report({ reason })
  }

  /** To be called after each fetch that succeeds. Those from other brokers may succeed in between. */
  onFetch(): void {
    const { readiness, clock } = this.#context
    if (this.#latestMs === null || clock.monotonicMs() - this.#latestMs < shownMs) return
    this.#latestMs = null
    readiness.set(this.#part, null)
  }
}
