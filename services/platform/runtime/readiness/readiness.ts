import { UnreadRecords } from '../unread-records.ts'

/** Why a service is or is not ready; each part reports its own state. */
export class Readiness {
  /** Records that cannot be read; the service works without them. */
  readonly unread = new UnreadRecords()
  readonly #faults = new Map<string, string>()

  /** @param fault why the part cannot work at present, or null if it can. */
  set(part: string, fault: string | null): void {
    if (fault === null) this.#faults.delete(part)
    else this.#faults.set(part, fault)
  }

  get ready(): boolean {
    return this.#faults.size === 0
  }

  faults(): Record<string, string> {
    return Object.fromEntries(this.#faults)
  }
}
