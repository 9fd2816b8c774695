import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import {
  businessList,
  maxMeasuredBusinesses,
  parseBusinesses,
} from '../../../../services/stats-aggregator/counting/measured-businesses.ts'
import { createStatsMetrics } from '../../../../services/stats-aggregator/metrics.ts'

const attempt = (businessId: string) => ({ businessId, outcome: 'error', latencyMs: 40 }) as const

test('attempts and dead letters of a chosen business are counted under its id, those of others under none', async () => {
  const registry = new Registry()
  const metrics = createStatsMetrics(registry, ['chosen'])
  const { counted } = metrics.attempts('webhook-attempts')
  for (const id of ['chosen', 'other', 'chosen']) counted(attempt(id))
  metrics.letters('webhook-dead-letters').counted({ delivery: { businessId: 'chosen' } })
  metrics.letters('webhook-dead-letters').counted({ delivery: null })
  const text = await registry.metrics()
  const business = 'hookline_stats_aggregator_business'
  expect(text).toContain(`${business}_attempts_total{business="chosen",outcome="error"} 2\n`)
  expect(text).toContain(`${business}_attempts_total{business="chosen",outcome="success"} 0\n`)
  expect(text).toContain(`${business}_response_seconds_count{business="chosen"} 2\n`)
  expect(text).toContain(`${business}_dead_letters_total{business="chosen"} 1\n`)
  expect(text).not.toContain('business="other"')
})

test('the list of chosen businesses has each id once, and a limit', () => {
  expect(parseBusinesses(' a, b,,a ')).toEqual(['a', 'b'])
  expect(parseBusinesses('')).toEqual([])
  const ids = (count: number) => Array.from({ length: count }, (_unused, n) => `business-${n}`).join(',')
  expect(businessList.check(ids(maxMeasuredBusinesses))).toBe(true)
  expect(businessList.check(ids(maxMeasuredBusinesses + 1))).toBe(false)
})
