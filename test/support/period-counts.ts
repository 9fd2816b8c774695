import type { PeriodCounts } from '../../services/domain/api/traffic.ts'

/** Counts of a minute or an hour as the API shows them: one success; each test states only the fields that matter to it. */
export const periodCounts = (start: string, over: Partial<PeriodCounts> = {}): PeriodCounts => ({
  start,
  success: 1,
  slow: 0,
  error: 0,
  rejected: 0,
  errors: {},
  p50Ms: null,
  p95Ms: null,
  ...over,
})
