import Type from 'typebox'
import { topics } from './map.ts'

/** Which fold of webhook-attempts is the one in force: each generation has a topic and a consumer group of its own. */
export const generationVariable = {
  HOOKLINE_STATS_GENERATION: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 999,
    description:
      'which webhook-stats is written and read: 0 is webhook-stats, 2 is webhook-stats-2 (npm run stats -- rebuild)',
  }),
}

/** webhook-stats of a generation. */
export function statsTopicOf(generation: number) {
  const { name, ...rest } = topics.webhookStats
  return { ...rest, name: generation === 0 ? name : `${name}-${generation}` }
}

/** The consumer group that writes it, without prefix. */
export function statsGroupOf(generation: number): string {
  return generation === 0 ? 'stats-aggregator' : `stats-aggregator-${generation}`
}
