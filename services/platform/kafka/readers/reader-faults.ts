import { RecurringFault } from '../../runtime/recurring-fault.ts'
import type { WaitContext } from '../../runtime/retry-until.ts'
import type { KafkaFault, KafkaFaultKind } from '../wire/kafka-fault.ts'

/** Faults that readiness shows because somebody must act. Others pass, or show as Kafka being unavailable. */
const shownKinds: readonly KafkaFaultKind[] = ['denied', 'gone', 'login']

/** Shows in the log and in readiness what a reader cannot read at present. */
export class ReaderFaults {
  readonly #part: string
  readonly #context: Pick<WaitContext, 'readiness'>
  readonly #log: RecurringFault
  readonly #shown = new Map<string, string>()

  /** @param part name in readiness. */
  constructor(part: string, context: Pick<WaitContext, 'log' | 'readiness' | 'clock'>) {
    this.#part = part
    this.#context = context
    this.#log = new RecurringFault(context, 'reading from Kafka is interrupted, trying again', { part })
  }

  /** @param fault null if the partition, topic or broker works again. */
  report(place: string, fault: KafkaFault | null): void {
    if (fault) this.#log.report({ place, reason: fault.message })
    if (fault && shownKinds.includes(fault.kind)) this.#shown.set(place, fault.message)
    else if (!this.#shown.delete(place)) return
    const [first = null] = this.#shown.values()
    this.#context.readiness.set(this.#part, first)
  }
}
