import { type Command, Option } from 'commander'
import type { TestResult } from '../../domain/api/traffic.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { sampleNames } from '../../domain/event/samples.ts'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { fieldRows, type Rows } from '../output/output.ts'
import { watchReplay } from '../output/replay-progress.ts'
import { optional, outcomesText } from '../output/webhook-rows.ts'
import type { Act } from '../program.ts'
import { positiveNumber, time } from './option-values.ts'

/** Verbs that send requests to the receiver: test, probe, replay. */
export function addSendingVerbs(program: Command, act: Act): void {
  program
    .command('test')
    .description('send a sample notification and show the response; exit code 1 unless it is a 2xx')
    .argument('<webhook>', 'id or name')
    .addOption(new Option('--event <event>', 'by default the first that the webhook wants').choices(sampleNames))
    .option('--channel <id>', 'channel of the sample; by default the first of the webhook')
    .option('--platform <name>', 'platform of the sample, such as whatsapp')
    .action(act(test))
  program
    .command('probe')
    .description('send one notification to a blocked webhook now, as a probe; its success ends the block')
    .argument('<webhook>', 'id or name')
    .action(act(probe))
  program
    .command('replay')
    .description('send notifications again, with the same ids and bytes, and show the progress')
    .argument('[webhook]', 'id or name; none with --unread')
    .option('--delivery <id>', 'the notification with this webhook-id')
    .option('--dead-letters', 'all dead letters that have not been delivered since')
    .option('--skipped', 'back-fill: events that caused no notification, such as those while the webhook was off')
    .option('--unread <topic>', 'records of this topic that could not be read or handled: write them to it again')
    .addOption(
      new Option(
        '--since <time>',
        'notifications created (--skipped: events published) from this time on: ISO 8601, or an age: 15m, 6h, 2d',
      ).argParser(time),
    )
    .addOption(new Option('--until <time>', 'notifications created before this time').argParser(time))
    .addOption(
      new Option('--outcome <outcome...>', 'notifications whose latest attempt had this outcome').choices(
        attemptOutcomes,
      ),
    )
    .option('--contact <id>', 'notifications of this contact')
    .option('--rate <perSecond>', 'maximum notifications per second', positiveNumber, 10)
    .option('--stop <replayId>', 'stop this replay: the rest of it is not sent')
    .option('--dry-run', 'only count the notifications')
    .option('--no-wait', 'do not wait for the outcomes')
    .action(act(replay))
}

type TestOptions = { event?: string; channel?: string; platform?: string }

async function test(context: VerbContext, reference: string, options: TestOptions): Promise<number> {
  const webhook = await context.find(reference)
  const { event, channel: chatChannelId, platform: chatPlatform } = options
  const result = await (await context.admin()).test(webhook, { event, chatChannelId, chatPlatform })
  context.show(result, testRows)
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
    ...(response?.headers ?? '').split('\n').flatMap((line): [string, string][] => (line === '' ? [] : [['', line]])),
    ...optional('answer', response?.excerpt),
  ])
}

async function probe(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  const started = await (await context.admin()).probe(webhook)
  context.show(started, ({ deliveryId }) => fieldRows([['sent', deliveryId ?? 'the next waiting notification']]))
  return exitCodes.ok
}

type ReplayOptions = {
  delivery?: string
  deadLetters?: boolean
  skipped?: boolean
  since?: (nowMs: number) => string
  until?: (nowMs: number) => string
  outcome?: string[]
  contact?: string
  unread?: string
  stop?: string
  dryRun?: boolean
  rate: number
  wait: boolean
}

async function replay(context: VerbContext, reference: string | undefined, options: ReplayOptions): Promise<number> {
  if (options.unread !== undefined) return replayUnread(context, reference, options.unread, options)
  if (reference === undefined) throw usageFailure('no webhook: give its id or name, or --unread with a topic')
  if (options.stop !== undefined) {
    await (await context.admin()).stopReplay(await context.find(reference), options.stop)
    context.say(`replay ${options.stop} stopped`)
    return exitCodes.ok
  }
  const body = toSelection(options, context.terminal.clock.nowMs())
  const webhook = await context.find(reference)
  const admin = await context.admin()
  if (options.dryRun) {
    const counted = await admin.countReplay(webhook, { ...body, ratePerSecond: options.rate })
    context.show(counted, ({ count, contacts, seconds }) =>
      fieldRows([
        ['notifications', count],
        ['contacts', contacts],
        ['seconds', seconds],
      ]),
    )
    return exitCodes.ok
  }
  const started = await admin.startReplay(webhook, { ...body, ratePerSecond: options.rate })
  context.say(`replay ${started.replayId}: ${started.count} notifications`)
  if (!options.wait || started.count === 0) {
    context.show(started, ({ replayId, count }) =>
      fieldRows([
        ['replay', replayId],
        ['notifications', count],
      ]),
    )
    return exitCodes.ok
  }
  const end = await watchReplay(context.terminal, () => admin.replay(webhook, started.replayId))
  context.show(end, ({ replayId, count, waiting, retrying, outcomes }) =>
    fieldRows([
      ['replay', replayId],
      ['notifications', count],
      ['done', outcomesText(outcomes)],
      ...optional('pending', waiting + retrying || undefined),
    ]),
  )
  return end.outcomes.success + end.outcomes.slow === end.count ? exitCodes.ok : exitCodes.failed
}

async function replayUnread(
  context: VerbContext,
  reference: string | undefined,
  topic: string,
  { since, until, dryRun = false }: ReplayOptions,
): Promise<number> {
  if (reference !== undefined || since === undefined)
    throw usageFailure('--unread selects by topic and time, for all webhooks: set --since and no webhook')
  const nowMs = context.terminal.clock.nowMs()
  const body = { topic, since: since(nowMs), ...(until && { until: until(nowMs) }), dryRun }
  const done = await (await context.admin()).replayUnread(body)
  context.show(done, ({ count }) => fieldRows([['records', count]]))
  return exitCodes.ok
}

/** @throws CliFailure unless exactly one selection is given. */
export function toSelection(
  options: Omit<ReplayOptions, 'rate' | 'wait' | 'unread' | 'dryRun'>,
  nowMs: number,
): object {
  const { delivery, deadLetters, skipped, since, until, outcome, contact } = options
  const isWhole = deadLetters === true || skipped === true
  const isWindow = !isWhole && [since, outcome, contact].some((value) => value !== undefined)
  const named = [delivery !== undefined, deadLetters === true, skipped === true, isWindow].filter(Boolean).length
  const isForeign =
    (isWhole && outcome !== undefined) ||
    (skipped === true && contact !== undefined) ||
    (delivery !== undefined && until !== undefined)
  if (named !== 1 || isForeign)
    throw usageFailure(
      'choose one: --delivery; --dead-letters (with --since, --until, --contact) or --skipped (with --since, --until); ' +
        'or --since, --outcome and --contact (with --until)',
    )
  if (delivery !== undefined) return { deliveryId: delivery }
  return {
    ...(deadLetters && { deadLetters: true }),
    ...(skipped && { skipped: true }),
    ...(since && { since: since(nowMs) }),
    ...(until && { until: until(nowMs) }),
    ...(outcome && { outcomes: outcome }),
    ...(contact !== undefined && { contactId: contact }),
  }
}

function isGood(outcome: string): boolean {
  return outcome === 'success' || outcome === 'slow'
}
