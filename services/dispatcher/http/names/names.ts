import type { LookupAddress } from 'node:dns'
import type { Resolve } from './checked-addresses.ts'
import { hostsFile } from './hosts-file.ts'
import { type AskName, createNameQuery, NameError } from './name-query.ts'

/** Maximum lookups under way, of one owner and in all. Those beyond wait; owners take turns. */
const maxOfOwner = 16
const maxInAll = 512
/** Maximum names of one owner that wait for a lookup. */
const maxWaiting = 1_000
/** Longest time that an answer is kept, whatever its TTL: sockets add their own minute to it. */
const longestKeptMs = 10_000
/** Time for which an error is kept: long enough for a burst, too short to matter for a name that was just created. */
const errorKeptMs = 3_000
const maxKept = 10_000

export type NamesOptions = {
  /** Milliseconds on a clock that never goes back. */
  nowMs: () => number
  /** Name servers, as host or host:port; empty for the system's. */
  servers: readonly string[]
  /** Replaces the queries to name servers, for tests. */
  ask?: AskName
}

type Done = (error: Error | null, addresses: LookupAddress[]) => void
type Kept = { untilMs: number; error: Error | null; addresses: LookupAddress[] }
type Owner = { underWay: number; waiting: Set<string> }

/**
 * Looks up host names for the whole process: concurrent requests for a name share one lookup, answers are kept for
 * seconds, and an owner whose name servers are silent waits for its own lookups only. getaddrinfo has four threads for
 * the whole process: four silent names would stop all new connections.
 */
export class Names {
  readonly #options: NamesOptions
  readonly #ask: AskName
  readonly #hosts: (name: string, nowMs: number) => LookupAddress[]
  readonly #kept = new Map<string, Kept>()
  readonly #askedBy = new Map<string, Done[]>()
  readonly #underWay = new Set<string>()
  readonly #owners = new Map<string, Owner>()

  constructor(options: NamesOptions) {
    this.#options = options
    this.#ask = options.ask ?? createNameQuery(options.servers)
    this.#hosts = hostsFile()
  }

  readonly resolve: Resolve = (hostname, { owner = '' }, done) => {
    const name = hostname.toLowerCase().replace(/\.$/, '')
    const nowMs = this.#options.nowMs()
    const kept = this.#kept.get(name)
    if (kept && nowMs < kept.untilMs) return queueMicrotask(() => done(kept.error, kept.addresses))
    const local = this.#hosts(name, nowMs)
    if (local.length > 0) return queueMicrotask(() => done(null, local))
    const asking = this.#askedBy.get(name)
    if (asking) asking.push(done)
    else this.#askedBy.set(name, [done])
    // A name that only waits in another owner's queue is looked up here at once.
    if (!this.#underWay.has(name)) this.#begin(name, owner)
  }

  #begin(name: string, ownerId: string): void {
    const owner = this.#owners.get(ownerId) ?? { underWay: 0, waiting: new Set() }
    this.#owners.set(ownerId, owner)
    if (owner.underWay < maxOfOwner && this.#underWay.size < maxInAll) return this.#start(name, owner)
    if (owner.waiting.size < maxWaiting) owner.waiting.add(name)
    else queueMicrotask(() => this.#tell(name, new NameError('EBUSY', `too many names to look up before ${name}`), []))
  }

  #start(name: string, owner: Owner): void {
    owner.underWay++
    owner.waiting.delete(name)
    this.#underWay.add(name)
    this.#ask(name, (error, addresses, ttlSeconds) => {
      owner.underWay--
      this.#underWay.delete(name)
      const keptMs = error ? errorKeptMs : Math.min(ttlSeconds * 1_000, longestKeptMs)
      this.#keep(name, { untilMs: this.#options.nowMs() + keptMs, error, addresses })
      this.#startWaiting()
      this.#tell(name, error, addresses)
    })
  }

  /** Starts waiting lookups as there is room; owners take turns. */
  #startWaiting(): void {
    for (const [id, owner] of [...this.#owners]) {
      for (const name of owner.waiting) {
        if (this.#underWay.size >= maxInAll || owner.underWay >= maxOfOwner) break
        // Another owner's lookup may have answered it meanwhile, or be about to.
        if (!this.#askedBy.has(name) || this.#underWay.has(name)) owner.waiting.delete(name)
        else this.#start(name, owner)
      }
      this.#owners.delete(id)
      if (owner.underWay > 0 || owner.waiting.size > 0) this.#owners.set(id, owner)
    }
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    if (this.#kept.size > maxKept) for (const oldest of this.#kept.keys()) return void this.#kept.delete(oldest)
  }

  #tell(name: string, error: Error | null, addresses: LookupAddress[]): void {
    const all = this.#askedBy.get(name) ?? []
    this.#askedBy.delete(name)
    for (const done of all) done(error, addresses)
  }
}
