import { type Command, Option } from 'commander'
import type { TestResult } from '../domain/api/traffic.ts'
import { attemptOutcomes } from '../domain/delivery.ts'
import { exitCodes } from './exit-codes.ts'
import { usageFailure } from './failure.ts'
import { positiveNumber, time } from './option-values.ts'
import { fieldRows, type Rows } from './output.ts'
import type { Act } from './program.ts'
import { follow } from './replay-progress.ts'
import type { Session } from './session.ts'
import { optional, outcomesText } from './webhook-rows.ts'

/** Verbs that make requests to the receiver: test, replay. */
export function addSendingVerbs(program: Command, act: Act): void {
  program
    .command('test')
    .description('sends a sample notification and shows what came back; exit code 1 unless it was a 2xx')
    .argument('<webhook>', 'id or name')
    .addOption(new Option('--kind <kind>', 'by default what the webhook wants').choices(['message', 'status']))
    .action(act(test))
  program
    .command('replay')
    .description('sends notifications again, with their ids and bytes, and shows how far it is')
    .argument('<webhook>', 'id or name')
    .option('--delivery <id>', 'this one: its webhook-id')
    .option('--dead-letters', 'all dead letters that have not been delivered since')
    .addOption(
      new Option('--since <time>', 'those made from then on: ISO 8601, or so long ago: 15m, 6h, 2d').argParser(time),
    )
    .addOption(new Option('--until <time>', 'those made before').argParser(time))
    .addOption(new Option('--outcome <outcome...>', 'those whose latest attempt ended so').choices(attemptOutcomes))
    .option('--rate <perSecond>', 'so many a second, at most', positiveNumber, 10)
    .option('--no-wait', 'returns once they are on their way')
    .action(act(replay))
}

async function test(session: Session, reference: string, { kind }: { kind?: string }): Promise<number> {
  const webhook = await session.find(reference)
  const result = await (await session.admin()).test(webhook, kind === undefined ? {} : { kind })
  session.show(result, testRows)
  return isGood(result.outcome) ? exitCodes.ok : exitCodes.failed
}

function testRows({ outcome, cause, request, response, detail }: TestResult): Rows {
  return fieldRows([
    ['outcome', cause ? `${outcome}: ${cause}` : outcome],
    ...optional('detail', detail),
    ['request', `${request.method} ${request.url}`],
    ...Object.entries(request.headers).map(([name, value]): [string, string] => ['', `${name}: ${value}`]),
    ['body', request.body],
    ['response', response ? `${response.status} after ${Math.round(response.latencyMs)} ms` : 'none'],
    ...optional('answer', response?.excerpt),
  ])
}

type ReplayOptions = {
  delivery?: string
  deadLetters?: boolean
  since?: (nowMs: number) => string
  until?: (nowMs: number) => string
  outcome?: string[]
  rate: number
  wait: boolean
}

async function replay(session: Session, reference: string, options: ReplayOptions): Promise<number> {
  const body = selectionOf(options, session.terminal.clock.nowMs())
  const webhook = await session.find(reference)
  const admin = await session.admin()
  const started = await admin.startReplay(webhook, { ...body, ratePerSecond: options.rate })
  session.say(`replay ${started.replayId}: ${started.count} notifications`)
  if (!options.wait || started.count === 0) {
    session.show(started, ({ replayId, count }) =>
      fieldRows([
        ['replay', replayId],
        ['notifications', count],
      ]),
    )
    return exitCodes.ok
  }
  const end = await follow(session.terminal, () => admin.replay(webhook, started.replayId))
  session.show(end, ({ replayId, count, waiting, retrying, outcomes }) =>
    fieldRows([
      ['replay', replayId],
      ['notifications', count],
      ['done', outcomesText(outcomes)],
      ...optional('not yet', waiting + retrying || undefined),
    ]),
  )
  return end.outcomes.success + end.outcomes.slow === end.count ? exitCodes.ok : exitCodes.failed
}

/** @throws CliFailure unless exactly one selection is named. */
export function selectionOf(options: Omit<ReplayOptions, 'rate' | 'wait'>, nowMs: number): object {
  const { delivery, deadLetters, since, until, outcome } = options
  const isWindow = since !== undefined || outcome !== undefined
  const named = [delivery !== undefined, deadLetters === true, isWindow].filter(Boolean).length
  if (named !== 1 || (until !== undefined && !isWindow))
    throw usageFailure('say which: --delivery, --dead-letters, or --since and --outcome (with --until)')
  if (delivery !== undefined) return { deliveryId: delivery }
  if (deadLetters) return { deadLetters: true }
  return {
    ...(since && { since: since(nowMs) }),
    ...(until && { until: until(nowMs) }),
    ...(outcome && { outcomes: outcome }),
  }
}

function isGood(outcome: string): boolean {
  return outcome === 'success' || outcome === 'slow'
}
