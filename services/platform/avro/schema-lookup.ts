import type avsc from 'avsc'
import { retryUntilDone, type WaitContext } from '../runtime/retry-until.ts'
import { Slots } from '../runtime/slots.ts'
import { avroType } from './avro.ts'
import type { FoundSchema, Registry } from './registry.ts'

/** A schema, or the reason why records with its id cannot be read. */
export type KnownSchema = { ok: true; type: avsc.Type } | { ok: false; reason: string }

/** Maximum ids requested at a time; also the maximum log lines per pause while the registry is away. */
const requestsAtATime = 8
/** Maximum foreign schemas kept. A compiled one may take 50 KB, and a topic has a handful. */
const maxSchemas = 500
/** Maximum refused ids kept; records that are not Avro may bring new ones all the time. */
const maxRefusals = 10_000
/** Maximum ids requested ahead of the record that waits. */
const maxAhead = 1_000
/** Time that a refusal stays valid; then the id is requested once more. */
const refusalMs = 30_000
/**
 * Pauses between the requests that lead to a refusal: a replica of the registry may be seconds behind. The partition
 * waits all this time, and guarantee 10 allows the events behind five seconds.
 */
const pausesMs = [250, 500, 1_000, 1_000]
/**
 * Maximum ids per minute that are requested with these pauses. More than that cannot be new schemas that are late, so
 * each further id is requested once.
 */
const maxPatient = 8
const patientWithinMs = 60_000
/** How long a check that the registry knows one of our own schemas stays valid. */
const soundMs = 1_000

/**
 * Schemas by id. Schemas that this process writes with are known from the start. Others are requested, each once
 * however many records wait for it. An id is unknown only if the registry itself repeats "not found" for some seconds
 * while it does have one of our own schemas. On any other answer, or none, find() waits.
 */
export class SchemaLookup {
  readonly #registry: Registry
  readonly #context: WaitContext
  readonly #slots = new Slots(requestsAtATime)
  readonly #own = new Map<number, avsc.Type>()
  readonly #types = new Map<number, avsc.Type>()
  readonly #refused = new Map<number, { reason: string; untilMs: number }>()
  readonly #asking = new Map<number, Promise<KnownSchema>>()
  /** Times at which the last patient requests began. */
  #patientAtMs: number[] = []
  #soundUntilMs = Number.NEGATIVE_INFINITY

  constructor(registry: Registry, context: WaitContext) {
    this.#registry = registry
    this.#context = context
  }

  /** Waits until the schema is registered under the subject (npm run topics -- apply registers it). @returns its id. */
  async learn(subject: string, schema: object): Promise<number> {
    const part = `schema of ${subject} (npm run topics -- apply registers it)`
    const id = await retryUntilDone(part, this.#context, () => this.#registry.findId(subject, schema))
    this.#own.set(id, avroType(schema))
    return id
  }

  /** Returns what is known without a request. */
  known(id: number): KnownSchema | undefined {
    const type = this.#own.get(id) ?? this.#types.get(id)
    if (type) return { ok: true, type }
    if (id < 0) return { ok: false, reason: `schema id ${id} is below 0` }
    const refused = this.#refused.get(id)
    if (!refused || refused.untilMs <= this.#context.clock.monotonicMs()) return undefined
    return { ok: false, reason: refused.reason }
  }

  /** Rejects only when stopping begins. */
  find(id: number): Promise<KnownSchema> {
    const asking = this.#asking.get(id)
    if (asking) return asking
    const asked = this.#ask(id).finally(() => this.#asking.delete(id))
    this.#asking.set(id, asked)
    return asked
  }

  /** Starts requests for ids that will be needed soon, so that their records do not wait one after another. */
  askAhead(ids: Iterable<number>): void {
    for (const id of ids) {
      if (this.#asking.size >= maxAhead) return
      // The caller that needs the id gets the rejection.
      if (!this.#asking.has(id) && !this.known(id)) this.find(id).catch(() => undefined)
    }
  }

  async #ask(id: number): Promise<KnownSchema> {
    let answer = await this.#request(id)
    const isPatient = !answer.ok && !this.#refused.has(id) && this.#takePatience()
    for (const pauseMs of isPatient ? pausesMs : []) {
      await this.#context.clock.sleep(pauseMs, this.#context.stopping)
      answer = await this.#request(id)
      if (answer.ok) break
    }
    if (!answer.ok) this.#refuse(id, answer.reason)
    return answer
  }

  #takePatience(): boolean {
    const nowMs = this.#context.clock.monotonicMs()
    this.#patientAtMs = this.#patientAtMs.filter((atMs) => atMs > nowMs - patientWithinMs)
    if (this.#patientAtMs.length >= maxPatient) return false
    this.#patientAtMs.push(nowMs)
    return true
  }

  #request(id: number): Promise<KnownSchema> {
    return this.#slots.run(() =>
      retryUntilDone('schema registry', this.#context, async () => {
        const known = judge(id, await this.#registry.findSchema(id))
        if (known.ok) this.#keep(id, known.type)
        else await this.#assertSound()
        return known
      }),
    )
  }

  /** @throws when the registry does not have a schema that it gave us the id of: then its answers cannot be trusted. */
  async #assertSound(): Promise<void> {
    const { clock } = this.#context
    const [own] = this.#own.keys()
    if (own === undefined || clock.monotonicMs() < this.#soundUntilMs) return
    const { kind } = await this.#registry.findSchema(own)
    if (kind !== 'avro') throw new Error(`it does not have schema ${own} either, which we registered`)
    this.#soundUntilMs = clock.monotonicMs() + soundMs
  }

  #keep(id: number, type: avsc.Type): void {
    this.#refused.delete(id)
    this.#types.set(id, type)
    for (const oldest of this.#types.keys()) {
      if (this.#types.size <= maxSchemas) return
      this.#types.delete(oldest)
    }
  }

  #refuse(id: number, reason: string): void {
    // Deleted first, so that the entries stay in the order of their refusals.
    this.#refused.delete(id)
    this.#refused.set(id, { reason, untilMs: this.#context.clock.monotonicMs() + refusalMs })
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= maxRefusals) return
      this.#refused.delete(oldest)
    }
  }
}

function judge(id: number, found: FoundSchema): KnownSchema {
  switch (found.kind) {
    case 'unknown':
      return { ok: false, reason: `unknown schema id ${id}` }
    case 'unusable':
      return { ok: false, reason: `schema ${id} ${found.reason}` }
    case 'avro':
      try {
        return { ok: true, type: avroType(found.schema, { before: found.references }) }
      } catch (error) {
        return { ok: false, reason: `schema ${id}: ${error instanceof Error ? error.message : String(error)}` }
      }
  }
}
