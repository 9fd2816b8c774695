import type { Check } from '../../platform/config/variable-checks.ts'

/** Maximum businesses with metrics of their own: each has some 20 series. */
export const maxMeasuredBusinesses = 20

export const businessList: Check = {
  check: (value) => parseBusinesses(value).length <= maxMeasuredBusinesses,
  allowed: `at most ${maxMeasuredBusinesses} ids, separated by commas`,
}

/** Ids of HOOKLINE_METRICS_BUSINESSES, each once. */
export function parseBusinesses(value: string): string[] {
  const ids = value.split(',').map((id) => id.trim())
  return [...new Set(ids.filter((id) => id !== ''))]
}
