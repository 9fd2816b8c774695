import { AnswerTimes } from './answer-times.ts'

/** Webhooks whose answer times are remembered while they have nothing to send: about 100 bytes each. */
const maxRemembered = 20_000

/**
 * Answer times of webhooks that are idle at the moment: a webhook that was quick an hour ago need not prove it again.
 */
export class RememberedAnswers {
  readonly #byWebhook = new Map<string, AnswerTimes>()

  /** @returns new answer times where nothing is known. */
  of(webhookId: string): AnswerTimes {
    return this.#byWebhook.get(webhookId) ?? new AnswerTimes()
  }

  keep(webhookId: string, answers: AnswerTimes): void {
    this.#byWebhook.delete(webhookId)
    this.#byWebhook.set(webhookId, answers)
    if (this.#byWebhook.size <= maxRemembered) return
    const [oldest] = this.#byWebhook.keys()
    if (oldest !== undefined) this.#byWebhook.delete(oldest)
  }
}
