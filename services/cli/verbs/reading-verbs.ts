import type { Command } from 'commander'
import type { AdminWebhook } from '../connection/admin-api.ts'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { alertRows, overviewRows } from '../output/alert-rows.ts'
import type { Rows } from '../output/output.ts'
import { attemptRows, deadLetterRows, errorRows, statsRows } from '../output/stats-rows.ts'
import { accountRows, webhookListRows, webhookRows } from '../output/webhook-rows.ts'
import type { Act } from '../program.ts'
import { type AttemptOptions, addAttemptOptions, toAttemptQuery } from './attempt-options.ts'
import { positiveInteger } from './option-values.ts'

/** Verbs that change nothing: list, get, stats, errors, attempts, dead-letters, alerts, overview. */
export function addReadingVerbs(program: Command, act: Act): void {
  program
    .command('list')
    .description("list the webhooks of the business, or of all the token's businesses if none is named")
    .action(act(list))
  program
    .command('get')
    .description('show one webhook; as YAML it can be edited and applied')
    .argument('<webhook>', 'id or name')
    .action(act(async (context, webhook: string) => shown(context, await context.find(webhook), webhookRows)))
  program
    .command('stats')
    .description('show counts of the last hour, day and week, and response times of the last 30 minutes')
    .argument('<webhook>', 'id or name')
    .action(act(stats))
  program
    .command('errors')
    .description('show the latest errors, newest first')
    .argument('<webhook>', 'id or name')
    .action(act(errors))
  const attemptsVerb = program
    .command('attempts')
    .description('show attempts, newest first')
    .argument('<webhook>', 'id or name')
  addAttemptOptions(attemptsVerb).option('--limit <n>', 'maximum number', positiveInteger, 50).action(act(attempts))
  program
    .command('dead-letters')
    .description('show notifications that were given up, newest first')
    .argument('<webhook>', 'id or name')
    .option('--limit <n>', 'maximum number', positiveInteger, 50)
    .action(act(deadLetters))
  program
    .command('alerts')
    .description('show the alerts of the webhook, or of all webhooks of the business, newest first')
    .argument('[webhook]', 'id or name')
    .action(act(alerts))
  program
    .command('overview')
    .description("show the webhooks with problems in all of the token's businesses, the most serious first")
    .action(act(async (context) => shown(context, await (await context.admin()).overview(), overviewRows)))
}

async function list(context: VerbContext): Promise<number> {
  const admin = await context.admin()
  const named = await context.businessIfNamed()
  const businesses = named === undefined ? await admin.businesses() : [named]
  const webhooks: AdminWebhook[] = []
  for (const businessId of businesses) webhooks.push(...(await admin.list(businessId)))
  return shown(context, webhooks, webhookListRows)
}

async function stats(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  const nowMs = context.terminal.clock.nowMs()
  return shown(context, await (await context.admin()).stats(webhook), (value) => statsRows(value, nowMs))
}

async function errors(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  return shown(context, await (await context.admin()).errors(webhook), errorRows)
}

type ListOptions = AttemptOptions & { limit: number }

async function attempts(context: VerbContext, reference: string, { limit, ...options }: ListOptions): Promise<number> {
  const webhook = await context.find(reference)
  const query = toAttemptQuery(options, context.terminal.clock.nowMs())
  return shown(context, await (await context.admin()).attempts(webhook, limit, query), attemptRows)
}

async function deadLetters(context: VerbContext, reference: string, { limit }: { limit: number }): Promise<number> {
  const webhook = await context.find(reference)
  return shown(context, await (await context.admin()).deadLetters(webhook, limit), deadLetterRows)
}

async function alerts(context: VerbContext, reference: string | undefined): Promise<number> {
  const admin = await context.admin()
  if (reference === undefined) return shown(context, await admin.alerts(await context.business()), alertRows)
  const { businessId, id } = await context.find(reference)
  return shown(context, await admin.alerts(businessId, id), alertRows)
}

/** Verbs account get, activate and deactivate. */
export function addAccountVerbs(program: Command, act: Act): void {
  const account = program
    .command('account')
    .description('show or change whether webhooks are activated for the business')
  const put = (webhooksEnabled: boolean) => async (context: VerbContext) => {
    const changed = await (await context.admin()).putAccount(await context.business(), webhooksEnabled)
    return shown(context, changed, accountRows)
  }
  account
    .command('get')
    .description('show whether webhooks are activated')
    .action(
      act(async (context) =>
        shown(context, await (await context.admin()).account(await context.business()), accountRows),
      ),
    )
  account
    .command('activate')
    .description('let the webhooks of the business send notifications')
    .action(act(put(true)))
  account
    .command('deactivate')
    .description('make no more notifications for the business')
    .action(act(put(false)))
}

function shown<T>(context: VerbContext, value: T, toRows: (value: T) => Rows): number {
  context.show(value, toRows)
  return exitCodes.ok
}
