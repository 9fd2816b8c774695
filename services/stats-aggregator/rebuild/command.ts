import { parseArgs } from 'node:util'
import Type, { type Static } from 'typebox'
import { ConfigError, loadConfig } from '../../platform/config/config.ts'
import { connectionRules } from '../../platform/config/connection-variables.ts'
import { streamVariables } from '../../platform/config/variables.ts'
import { CommandReadiness } from '../../platform/kafka/security/command-readiness.ts'
import { systemClock } from '../../platform/runtime/clock.ts'
import { createLogger } from '../../platform/runtime/log.ts'
import { createMetrics } from '../../platform/runtime/metrics.ts'
import { failUnlessAbandoned } from '../../platform/runtime/retry-until.ts'
import { generationVariable } from '../../topics/stats-generation.ts'
import { alertVariables } from '../config.ts'
import { rebuild } from './rebuild.ts'

/** npm run stats -- rebuild: folds webhook-attempts again, into another generation of webhook-stats. */

const commandConfig = Type.Object(
  { ...streamVariables, ...generationVariable, ...alertVariables },
  { rules: [...connectionRules] },
)

const usage = `usage: npm run stats -- rebuild --generation <n> [--slow-threshold-ms <ms>] [--resume]

Folds webhook-attempts from its beginning into webhook-stats-<n>, beside the fold in use, which continues.
  --slow-threshold-ms   use this threshold between success and slow instead of each attempt's own
  --resume              continue an interrupted rebuild
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      generation: { type: 'string' },
      'slow-threshold-ms': { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  })
  const config = loadConfig(commandConfig, process.env) as Static<typeof commandConfig>
  const generation = positiveInteger(values.generation)
  const threshold = values['slow-threshold-ms']
  const slowThresholdMs = threshold === undefined ? null : positiveInteger(threshold)
  const isGiven = positionals.length === 1 && positionals[0] === 'rebuild' && generation !== undefined
  if (!isGiven || slowThresholdMs === undefined) return refuse(usage)
  if (generation === config.HOOKLINE_STATS_GENERATION)
    return refuse(`generation ${generation} is already in use (HOOKLINE_STATS_GENERATION)\n`)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const fail = (error: unknown): never => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
  const context = {
    config,
    log: createLogger('stats', 'error'),
    clock: systemClock,
    readiness: new CommandReadiness(fail),
    fail: failUnlessAbandoned(fail),
  }
  const result = await rebuild(
    { ...context, metrics: createMetrics('stats-rebuild'), stopping: stop.signal },
    { generation, slowThresholdMs, resume: values.resume },
    (line) => process.stdout.write(`${line}\n`),
  )
  return result.kind === 'done' ? 0 : refuse(`${result.why}\n`)
}

function refuse(why: string): number {
  process.stderr.write(why)
  return 2
}

function positiveInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

try {
  process.exit(await main())
} catch (error) {
  const isUsage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ?? false
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${isUsage ? `\n${usage}` : ''}`)
  process.exit(error instanceof ConfigError ? 78 : isUsage ? 2 : 1)
}
