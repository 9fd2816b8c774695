/** Time between two calls while an answer is late. */
const againMs = 2_000

/** Calls back once an answer is late, and again every two seconds, until it is disposed. */
export class LatenessWatch implements Disposable {
  #timer: NodeJS.Timeout

  constructor(afterMs: number, onLate: () => void) {
    const late = () => {
      onLate()
      this.#timer = setTimeout(late, againMs)
    }
    this.#timer = setTimeout(late, afterMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
