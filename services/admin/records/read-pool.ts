import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Reader } from './webhook-records.ts'

export type ReadPoolLimits = {
  /** Maximum concurrent reads. */
  atOnce: number
  /** Maximum concurrent reads of one business. */
  ofBusiness: number
  /** Maximum waiting reads of one business. */
  waitingOfBusiness: number
  /** Time limit of a read, waiting included. */
  deadlineMs: number
}

type Waiting = { start: () => void; over: AbortSignal }

/**
 * Reads topics for requests. Each business has a share, waiting reads take turns by business, and a read ends at its
 * deadline or with its request. So one business's searches do not delay another's pages.
 */
export class ReadPool {
  readonly #reader: Reader
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #limits: ReadPoolLimits
  readonly #running = new Map<string, number>()
  /** Waiting reads by business, in the order of turns. */
  readonly #waiting = new Map<string, Waiting[]>()
  #free: number

  constructor(reader: Reader, limits: ReadPoolLimits, clock: Pick<Clock, 'sleep'>) {
    this.#reader = reader
    this.#limits = limits
    this.#clock = clock
    this.#free = limits.atOnce
  }

  /**
   * Runs work with a reader of its own, which ends with the work.
   * @param ended aborted when the result is no longer needed.
   * @param deadlineMs time limit instead of the pool's.
   * @throws HttpProblem 429 if the business has too many waiting reads, 504 at the deadline; RequestEnded
   */
  async run<T>(
    businessId: string,
    ended: AbortSignal,
    work: (reader: Reader) => Promise<T>,
    deadlineMs = this.#limits.deadlineMs,
  ): Promise<T> {
    const over = new AbortController()
    const end = () => over.abort(new RequestEnded())
    ended.addEventListener('abort', end, { once: true })
    if (ended.aborted) end()
    const done = new AbortController()
    void this.#clock.sleep(deadlineMs, done.signal).then(() => over.abort(tooLong(deadlineMs)))
    try {
      await this.#turn(businessId, over.signal)
      try {
        return await orAbort(work(boundReader(this.#reader, over.signal)), over.signal)
      } finally {
        this.#leave(businessId)
      }
    } finally {
      done.abort()
      ended.removeEventListener('abort', end)
    }
  }

  #turn(businessId: string, over: AbortSignal): Promise<void> {
    over.throwIfAborted()
    const waiting = this.#waiting.get(businessId) ?? []
    if (waiting.length === 0 && this.#mayStart(businessId)) {
      this.#enter(businessId)
      return Promise.resolve()
    }
    if (waiting.length >= this.#limits.waitingOfBusiness)
      throw new HttpProblem(429, 'Too Many Requests', 'too many reads of this business are waiting', {}, retryLater)
    this.#waiting.set(businessId, waiting)
    return new Promise((resolve, reject) => {
      const entry: Waiting = { start: resolve, over }
      waiting.push(entry)
      over.addEventListener('abort', () => {
        if (!this.#remove(businessId, entry)) return
        reject(over.reason)
      })
    })
  }

  #mayStart(businessId: string): boolean {
    return this.#free > 0 && (this.#running.get(businessId) ?? 0) < this.#limits.ofBusiness
  }

  #enter(businessId: string): void {
    this.#free--
    this.#running.set(businessId, (this.#running.get(businessId) ?? 0) + 1)
  }

  #leave(businessId: string): void {
    this.#free++
    const left = (this.#running.get(businessId) ?? 1) - 1
    if (left > 0) this.#running.set(businessId, left)
    else this.#running.delete(businessId)
    this.#startNext()
  }

  /** Starts a read of the next business, which then moves to the end of the turns. */
  #startNext(): void {
    for (const [businessId, waiting] of this.#waiting) {
      if (this.#free === 0) return
      if (!this.#mayStart(businessId)) continue
      const next = waiting.shift()
      this.#waiting.delete(businessId)
      if (waiting.length > 0) this.#waiting.set(businessId, waiting)
      if (!next) continue
      this.#enter(businessId)
      next.start()
    }
  }

  #remove(businessId: string, entry: Waiting): boolean {
    const waiting = this.#waiting.get(businessId)
    const index = waiting?.indexOf(entry) ?? -1
    if (index === -1) return false
    waiting?.splice(index, 1)
    if (waiting?.length === 0) this.#waiting.delete(businessId)
    return true
  }
}

/** The client has closed the connection, so nobody reads the answer. */
export class RequestEnded extends Error {
  override name = 'RequestEnded'
}

const retryLater = { 'retry-after': '10' }

function tooLong(deadlineMs: number): HttpProblem {
  const detail = `reading Kafka took longer than ${deadlineMs / 1_000} s; ask for a shorter period with since and until`
  return new HttpProblem(504, 'Gateway Timeout', detail, {}, retryLater)
}

/** Reader whose reads end as soon as the signal is aborted. A fetch in progress ends at its next record. */
function boundReader(reader: Reader, over: AbortSignal): Reader {
  return {
    read: (topic, partition, from, to, onRecord, options) =>
      orAbort(
        reader.read(topic, partition, from, to, (record) => (over.aborted ? false : onRecord(record)), options),
        over,
      ),
    ends: (topic) => orAbort(reader.ends(topic), over),
    offsetsAt: (topic, timeMs) => orAbort(reader.offsetsAt(topic, timeMs), over),
  }
}

async function orAbort<T>(work: Promise<T>, over: AbortSignal): Promise<T> {
  over.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(over.reason)
  over.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    over.removeEventListener('abort', abort)
    work.catch(() => undefined)
  }
}
