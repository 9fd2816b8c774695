import { Readiness } from '../../runtime/readiness/readiness.ts'
import { namesDenial } from './denied.ts'

/** Readiness of a command. Services wait until they get a right; a command ends, with the reason. */
export class CommandReadiness extends Readiness {
  readonly #fail: (error: Error) => void

  /** @param fail ends the process. */
  constructor(fail: (error: Error) => void) {
    super()
    this.#fail = fail
  }

  override set(part: string, fault: string | null): void {
    super.set(part, fault)
    if (fault !== null && namesDenial(fault)) this.#fail(new Error(fault))
  }
}
