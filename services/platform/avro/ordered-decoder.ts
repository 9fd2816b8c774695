import type { Decode, Decoded } from './codec.ts'

/** Applies decoded values in the order of their bytes, even when a decoding has to wait for a schema. */
export class OrderedDecoder<T> {
  readonly #decode: Decode<T>
  #waiting: Promise<void> | undefined
  #behind: (() => void)[] = []

  constructor(decode: Decode<T>) {
    this.#decode = decode
  }

  /**
   * @param apply called with the value.
   * @param unreadable called with the reason if there is no value; each reader decides where to report such a record.
   */
  push(bytes: Buffer, apply: (value: T) => void, unreadable: (reason: string) => void): void {
    if (this.#waiting) {
      this.#behind.push(() => this.push(bytes, apply, unreadable))
      return
    }
    const decoded = this.#decode(bytes)
    const settle = (result: Decoded<T>) => {
      if (result.ok) apply(result.value)
      else unreadable(result.reason)
    }
    if (!(decoded instanceof Promise)) return settle(decoded)
    this.#waiting = decoded.then((result) => {
      settle(result)
      this.#waiting = undefined
      const behind = this.#behind
      this.#behind = []
      for (const next of behind) next()
    })
  }

  /** Calls back after everything that was pushed before: for a record without a value. */
  behind(apply: () => void): void {
    if (this.#waiting) this.#behind.push(apply)
    else apply()
  }

  /** Resolves once everything that was pushed has been applied. */
  async done(): Promise<void> {
    while (this.#waiting) await this.#waiting
  }
}
