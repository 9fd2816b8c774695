import type { Attempt } from '../../services/domain/delivery/delivery.ts'

/** Fields of a first attempt that was answered in time; each test states only the fields that matter to it. */
export const answeredAttempt = {
  attempt: 1,
  startedAt: 0,
  latencyMs: 5,
  outcome: 'success',
  cause: null,
  status: 200,
  responseExcerpt: null,
  slowThresholdMs: 1_000,
  next: 'none',
  nextAttemptAt: null,
  nextTopic: null,
  definitionVersion: 1,
  definitionOffset: 0,
  sourceTopic: 'webhook-deliveries',
  sourceOffset: 0,
  test: false,
  replayId: null,
} as const satisfies Partial<Attempt>
