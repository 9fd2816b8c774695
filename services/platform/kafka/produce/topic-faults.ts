import type { WaitContext } from '../../runtime/retry-until.ts'
import type { KafkaFault } from '../wire/kafka-fault.ts'
import { classifyFault, describeFault, type FaultKind } from './send-fault.ts'

type TopicFault = { kind: FaultKind; text: string; places: Set<string>; loggedMs: number }

/** Tries before a fault is logged; a changing leader causes a few. */
const triesOfNews = 3
/** Faults that end by themselves. */
const passing: readonly FaultKind[] = ['cluster', 'sequence']
/** Shortest time between two log lines about the same fault of a topic. */
const logEveryMs = 30_000

/**
 * Topics that Kafka does not accept records for at present. They appear in the log and in readiness, and keep callers
 * from starting work that they cannot record.
 */
export class TopicFaults {
  readonly #context: Pick<WaitContext, 'log' | 'readiness' | 'clock'>
  readonly #faults = new Map<string, TopicFault>()

  constructor(context: Pick<WaitContext, 'log' | 'readiness' | 'clock'>) {
    this.#context = context
  }

  /**
   * Whether one of the topics is forbidden, missing or refuses records. A cluster that does not answer, or has lost
   * records, does not count.
   */
  concerns(topics: readonly string[]): boolean {
    if (this.#faults.size === 0) return false
    return topics.some((topic) => !passing.includes(this.#faults.get(topic)?.kind ?? 'cluster'))
  }

  topics(): string[] {
    return [...this.#faults.keys()]
  }

  /** Why the topic does not get its records; null if nothing is known against it. */
  reasonOf(topic: string): string | null {
    return this.#faults.get(topic)?.text ?? null
  }

  /** @param place the part of the topic that fails. @param failures tries in a row. */
  add(topic: string, place: string, fault: KafkaFault, failures: number): void {
    const { log, readiness, clock } = this.#context
    const kind = classifyFault(fault)
    if ((kind === 'cluster' || kind === 'missing') && failures < triesOfNews) return
    const text = describeFault(topic, fault, clock.nowMs())
    const known = this.#faults.get(topic)
    const nowMs = clock.monotonicMs()
    const isNews = known?.kind !== kind || nowMs - known.loggedMs >= logEveryMs
    if (isNews) log.warn({ topic, reason: text }, 'records wait: Kafka does not accept them, trying again')
    const places = known?.places ?? new Set()
    places.add(place)
    this.#faults.set(topic, { kind, text, places, loggedMs: isNews ? nowMs : known.loggedMs })
    readiness.set(readinessPart(topic), text)
  }

  remove(topic: string, place: string): void {
    const fault = this.#faults.get(topic)
    if (!fault?.places.delete(place) || fault.places.size > 0) return
    const { log, readiness } = this.#context
    this.#faults.delete(topic)
    readiness.set(readinessPart(topic), null)
    log.info({ topic }, 'Kafka accepts the records again')
  }
}

function readinessPart(topic: string): string {
  return `writing ${topic}`
}
