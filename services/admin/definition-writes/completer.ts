import { readHeader } from '../../config-topics/config-headers.ts'
import { definitionParser } from '../../config-topics/config-tables.ts'
import type { WriteRecord } from '../../config-topics/config-writer.ts'
import { newSigningKey } from '../../config-topics/signing-keys.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { WaitAbandoned } from '../../platform/runtime/retry-until.ts'
import type { AdminMetrics } from '../metrics.ts'
import { newSecret } from '../webhooks/secrets.ts'
import { complete, needsCompletion } from './completion.ts'
import { completesHeader } from './record-headers.ts'
import type { WriteQueue } from './write-queue.ts'

export type CompleterDeps = {
  /** Whether this instance completes definitions. Only one does: two would each create a secret. */
  isOwner: () => boolean
  findEntry: (id: string) => Entry | undefined
  /** Resolves once every record that was written before the call has been handed over. */
  caughtUp: () => Promise<void>
  write: WriteRecord
  queue: WriteQueue
  keys: KeyRing
  clock: Pick<Clock, 'sleep'>
  log: Logger
  metrics: AdminMetrics
}

const againMs = 60_000

/** Newest record of a webhook that is not a completion. `due`: its completion, or the record itself, must be written. */
type Newest = { record: ConsumedRecord; due: boolean }

/**
 * Completes definitions that operators write to webhook-config by hand (contract.md, section 5). Only the newest record
 * of a webhook counts. Kafka has no compare-and-set: a completion written after a newer record would undo it, so the newer
 * one is then written again.
 */
export class Completer {
  readonly #parse = definitionParser()
  readonly #newest = new Map<string, Newest>()
  readonly #keys: KeyRing
  #deps: CompleterDeps | undefined

  constructor(keys: KeyRing) {
    this.#keys = keys
  }

  /** Called by the definition table with each record. Before start() it only remembers them. */
  onRecord(id: string, record: ConsumedRecord): void {
    const completed = completedOffset(record)
    const known = this.#newest.get(id)
    if (completed === null) {
      const due = needsCompletion(id, this.#parse(record), this.#keys)
      // A complete record is remembered only while the completion of an older one may be on its way.
      if (due || known) this.#newest.set(id, { record, due })
    } else if (known && completed >= known.record.offset) {
      this.#newest.delete(id)
    } else if (known) {
      known.due = true
    }
    this.#schedule(id)
  }

  /** To be called once the topic has been read to its end. Completes what is due, and later records as they come. */
  start(deps: CompleterDeps): Disposable {
    this.#deps = deps
    this.check()
    return {
      [Symbol.dispose]: () => {
        this.#deps = undefined
      },
    }
  }

  /** To be called once this instance has become the owner. */
  check(): void {
    for (const id of this.#newest.keys()) this.#schedule(id)
  }

  #schedule(id: string): void {
    const deps = this.#deps
    const newest = this.#newest.get(id)
    if (!deps?.isOwner() || !newest?.due) return
    const change = this.#parse(newest.record)
    const businessId = change.kind === 'definition' ? change.definition.businessId : ''
    // A failed write ends the process through the producer's fail. Any other error is a bug and ends it as unhandled.
    void deps.queue.wait(businessId, () => this.#complete(id))
  }

  /** Makes a completion that could not be written due again after a while. */
  #again(id: string, newest: Newest): void {
    newest.due = true
    const deps = this.#deps
    void deps?.clock.sleep(againMs).then(() => this.#schedule(id))
  }

  /** Waits for the completions of a former owner: a second one would have another secret. @returns false at a stop. */
  async #isCaughtUp(): Promise<boolean> {
    const deps = this.#deps
    try {
      await deps?.caughtUp()
      return deps !== undefined
    } catch (error) {
      if (error instanceof WaitAbandoned) return false
      throw error
    }
  }

  async #complete(id: string): Promise<void> {
    if (!this.#newest.get(id)?.due || !(await this.#isCaughtUp())) return
    const newest = this.#newest.get(id)
    if (!newest?.due || !this.#deps?.isOwner()) return
    const { findEntry, write, keys, log, metrics } = this.#deps
    newest.due = false
    const { record } = newest
    const change = this.#parse(record)
    let value = record.value
    if (change.kind === 'definition' && needsCompletion(id, change, keys)) {
      const given = new Set(Object.keys(JSON.parse(String(record.value))))
      const written = { definition: change.definition, offset: record.offset, given }
      const made = { secret: newSecret(), signingKey: newSigningKey() }
      value = Buffer.from(JSON.stringify(complete(written, findEntry(id), made, keys)))
    }
    try {
      await write(id, value, { [completesHeader]: String(record.offset) })
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error
      log.warn(
        { webhookId: id, offset: record.offset, reason: error.message },
        'definition not completed: Kafka refuses it',
      )
      if (error.kind === 'forbidden') this.#again(id, newest)
      return
    }
    metrics.completions.inc()
    log.info({ webhookId: id, offset: record.offset }, 'definition completed')
  }
}

function completedOffset(record: ConsumedRecord): number | null {
  const offset = Number(readHeader(record, completesHeader) ?? Number.NaN)
  return Number.isInteger(offset) ? offset : null
}
