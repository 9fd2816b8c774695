import type { AttemptSummary } from '../../domain/delivery/delivery.ts'
import { RecentIds } from './answered-ids.ts'
import { bytesOfAttempts } from './create-item.ts'
import type { EngineLimits, EnginePorts, Item, OutcomeRecords, Written } from './ports.ts'
import { StoppedReplays } from './stopped-replays.ts'

/** The deliveries in memory, by answerId: how much room is left, and what was answered for lately. */
export class HeldItems {
  readonly answered: RecentIds
  readonly stopped = new StoppedReplays()
  readonly #ports: Pick<EnginePorts, 'record' | 'onRoom'>
  readonly #limits: EngineLimits
  readonly #byId = new Map<string, Item>()
  #count = 0
  #bytes = 0
  #unacknowledged = 0
  #lackedRoom = false
  /** What is finished does not fit into a commit's metadata: nothing is taken before it does. */
  #congested = false
  #onSettled: () => void = () => {}

  constructor(ports: Pick<EnginePorts, 'record' | 'onRoom'>, limits: EngineLimits) {
    this.#ports = ports
    this.#limits = limits
    this.answered = new RecentIds(limits.recentIds)
  }

  get count(): number {
    return this.#count
  }

  /** Records whose acknowledgement is awaited. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  get hasRoom(): boolean {
    const room = !this.#congested && this.#count < this.#limits.maxHeld && this.#bytes < this.#limits.maxHeldBytes
    if (!room) this.#lackedRoom = true
    return room
  }

  /** As hasRoom, for those who leave half of it to others. */
  get hasRoomForReplays(): boolean {
    const room = !this.isCrowded
    if (!room) this.#lackedRoom = true
    return room
  }

  /** More than half of the room is taken: who waits for onRoom waits until this is over. */
  get isCrowded(): boolean {
    const { maxHeld, maxHeldBytes } = this.#limits
    return this.#congested || this.#count > maxHeld / 2 || this.#bytes > maxHeldBytes / 2
  }

  /** @param onSettled called after each acknowledgement. */
  watch(onSettled: () => void): void {
    this.#onSettled = onSettled
  }

  get(id: string): Item | undefined {
    return this.#byId.get(id)
  }

  all(): Item[] {
    return [...this.#byId.values()]
  }

  /**
   * Looks whether a delivery that has come is known, or of a replay that was stopped: then it is answered for, now or with the one that is held.
   * @returns whether it was.
   */
  meet({ id, replayId, attempts, slots }: Item): boolean {
    const twin = this.#byId.get(id)
    const isOver = this.stopped.has(replayId) || this.answered.has(id, attempts.length)
    if (isOver) for (const { owner, slot } of slots) owner.finish(slot)
    else if (twin) twin.slots.push(...slots)
    else return false
    return true
  }

  hold(item: Item): void {
    this.#byId.set(item.id, item)
    this.#count++
    this.#bytes += item.bytes + bytesOfAttempts(item.attempts)
  }

  /** One more attempt has been made for it. */
  attempted(item: Item, attempt: AttemptSummary): void {
    item.attempts = [...item.attempts, attempt]
    if (!item.forgotten) this.#bytes += bytesOfAttempts([attempt])
  }

  /** It answers for the delivery's other records again. */
  name(item: Item): void {
    this.#byId.set(item.id, item)
  }

  /** It keeps its room, but another record of the same delivery is no longer answered for by it. */
  unname(item: Item): void {
    if (this.#byId.get(item.id) === item) this.#byId.delete(item.id)
  }

  forget(item: Item): void {
    if (item.forgotten) return
    item.forgotten = true
    this.unname(item)
    this.#count--
    this.#bytes -= item.bytes + bytesOfAttempts(item.attempts)
  }

  /** Its records count as finished from now on. */
  finish(item: Item): void {
    for (const { owner, slot } of item.slots) owner.finish(slot)
    this.forget(item)
  }

  /** Finishes what is of a replay that was stopped: what became of it before stays what it is. @returns whether it is. */
  dropStopped(item: Item): boolean {
    if (!this.stopped.has(item.replayId)) return false
    this.finish(item)
    return true
  }

  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    this.#ports.record(partition, records, (written) => {
      this.#unacknowledged--
      acknowledged(written)
      this.checkRoom()
      this.#onSettled()
    })
    // Behind it: where it throws, nothing was written.
    this.#unacknowledged++
  }

  congested(congested: boolean): void {
    this.#congested = congested
    this.checkRoom()
  }

  checkRoom(): void {
    if (!this.#lackedRoom || this.isCrowded) return
    this.#lackedRoom = false
    this.#ports.onRoom()
  }
}
