import type { Operations } from './generated.ts'

/** Time limit of a request, from its start to the end of the answer. Admin writes to Kafka within 10 s. */
const usualMs = 15_000
/** Admin ends reads of a page after 15 s, searches after 30 s, counts of a replay after two minutes, all with a reason. */
const ofOperation: Partial<Record<keyof Operations, number>> = {
  listAttempts: 20_000,
  getAttempt: 20_000,
  listDeadLetters: 20_000,
  listAudit: 20_000,
  listSeenChannels: 20_000,
  getSample: 20_000,
  findNotifications: 35_000,
  getNotification: 35_000,
  replay: 125_000,
  // The receiver has up to 30 s to answer.
  testWebhook: 45_000,
  testDraft: 45_000,
  sendTestAlert: 45_000,
}

/** Time, in milliseconds, after which the console stops waiting for an answer and says so. */
export function limitMs(name: keyof Operations): number {
  return ofOperation[name] ?? usualMs
}
