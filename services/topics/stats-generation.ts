import Type from 'typebox'
import { topics } from './topic-map.ts'

/** Selects the fold of webhook-attempts that is in use. Each generation has its own topic and consumer group. */
export const generationVariable = {
  HOOKLINE_STATS_GENERATION: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 999,
    description:
      'generation of webhook-stats to write and read: 0 is webhook-stats, 2 is webhook-stats-2 (npm run stats -- rebuild)',
  }),
}

/** webhook-stats of a generation. */
export function statsTopicFor(generation: number) {
  const { name, ...rest } = topics.webhookStats
  return { ...rest, name: generation === 0 ? name : `${name}-${generation}` }
}

/** The consumer group that writes a generation, without prefix. */
export function statsGroupFor(generation: number): string {
  return generation === 0 ? 'stats-aggregator' : `stats-aggregator-${generation}`
}
