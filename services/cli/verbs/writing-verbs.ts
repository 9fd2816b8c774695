import type { Command } from 'commander'
import { type Applied, carryOut, foreseen, plan } from '../apply/apply.ts'
import { readDefinitions, type WantedWebhook } from '../apply/definition-file.ts'
import { diffLines } from '../apply/diff-lines.ts'
import { hasUncomparedValues, type PlanStep, repeated } from '../apply/plan.ts'
import { read, type VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { fieldRows, printable } from '../output/output.ts'
import { webhookRows } from '../output/webhook-rows.ts'
import type { Act } from '../program.ts'

/** Verbs that change definitions: apply, diff, delete, enable, disable, pause, resume, rotate-secret. */
export function addWritingVerbs(program: Command, act: Act): void {
  const collect = (value: string, before: string[] = []) => [...before, value]
  program
    .command('apply')
    .description(
      'make webhooks match YAML files and show the differences; fields that a file leaves out stay unchanged',
    )
    .requiredOption('-f, --file <file>', 'file with definitions, or - for standard input; may be repeated', collect)
    .option('--dry-run', 'change nothing; exit code 3 if there are differences')
    .option(
      '--write-headers',
      'write header values, keys and client secrets again: stored ones cannot be compared and count as equal',
    )
    .action(act(apply))
  program
    .command('diff')
    .description('same as apply --dry-run')
    .requiredOption('-f, --file <file>', 'file with definitions', collect)
    .option('--write-headers', 'as for apply')
    .action(act((context, options: ApplyOptions) => apply(context, { ...options, dryRun: true })))
  program.command('delete').argument('<webhook...>', 'ids or names').description('delete webhooks').action(act(remove))
  for (const enabled of [true, false]) {
    program
      .command(enabled ? 'enable' : 'disable')
      .description(`switch a webhook ${enabled ? 'on' : 'off'}`)
      .argument('<webhook>', 'id or name')
      .action(act((context, webhook: string) => setEnabled(context, webhook, enabled)))
  }
  program
    .command('pause')
    .description('send nothing to a webhook and keep its notifications, for up to 7 days')
    .argument('<webhook>', 'id or name')
    .action(act(pause))
  program
    .command('resume')
    .description('send to a paused webhook again, beginning with the notifications that were kept')
    .argument('<webhook>', 'id or name')
    .action(act(resume))
  program
    .command('rotate-secret')
    .description('create a new secret and show it once; the old one also signs for 24 hours')
    .argument('<webhook>', 'id or name')
    .action(act(rotateSecret))
}

type ApplyOptions = { file: string[]; dryRun?: boolean; writeHeaders?: boolean }

async function apply(
  context: VerbContext,
  { file, dryRun = false, writeHeaders = false }: ApplyOptions,
): Promise<number> {
  const wanted = await readFiles(context, file)
  const admin = await context.admin()
  const planned = await plan(admin, wanted, { writeHeaders })
  const human = context.options.output === 'table'
  if (human) for (const { step } of planned) showDifference(context, step)
  if (!writeHeaders && planned.some(({ step }) => hasUncomparedValues(step)))
    context.say('stored header values, keys and client secrets are not compared; --write-headers writes them again')
  const results = dryRun ? planned.map(foreseen) : await carryOut(admin, planned)
  if (human) for (const result of results) context.terminal.out(`${resultLine(result, dryRun)}\n`)
  else context.show({ dryRun, results }, () => fieldRows([]))
  if (results.some(({ action }) => action === 'failed')) return exitCodes.failed
  return dryRun && results.some(({ action }) => action !== 'unchanged') ? exitCodes.differences : exitCodes.ok
}

/** @throws CliFailure with all problems of all files. */
async function readFiles(context: VerbContext, files: string[]): Promise<(WantedWebhook & { businessId: string })[]> {
  const wanted: WantedWebhook[] = []
  const problems: string[] = []
  for (const file of files) {
    const found = readDefinitions(await read(context.terminal, file), file, context.terminal.env)
    if (found.ok) wanted.push(...found.wanted)
    else problems.push(...found.problems)
  }
  if (problems.length > 0) throw usageFailure(problems.join('\n'))
  const needsBusiness = wanted.some(({ businessId }) => businessId === undefined)
  const business = needsBusiness ? await context.business() : ''
  const placed = wanted.map((one) => ({ ...one, businessId: one.businessId ?? business }))
  const twice = repeated(placed)
  if (twice.length > 0) throw usageFailure(twice.join('\n'))
  return placed
}

function showDifference({ terminal }: VerbContext, step: PlanStep): void {
  if (step.kind !== 'create' && step.kind !== 'update') return
  const [title, before] =
    step.kind === 'create'
      ? [`new: ${step.wanted.name}`, {}]
      : [`${step.webhook.name} (${step.webhook.id})`, step.before]
  const lines = [printable(title), ...diffLines(before, step.after, terminal.colours)]
  terminal.out(`${lines.join('\n')}\n`)
}

function resultLine({ action, id, name, secret, problem }: Applied, dryRun: boolean): string {
  const what = printable(`${name}${id === null ? '' : ` (${id})`}`)
  const verb = dryRun && (action === 'created' || action === 'updated') ? `would be ${action}` : action
  const rest = problem === undefined ? '' : `: ${problem}`
  return `${verb}: ${what}${rest}${secret === undefined ? '' : `\n  secret, shown only once: ${secret}`}`
}

async function remove(context: VerbContext, references: string[]): Promise<number> {
  const admin = await context.admin()
  const deleted: object[] = []
  for (const reference of references) {
    const webhook = await context.find(reference)
    await admin.remove(webhook)
    const { businessId, id, name } = webhook
    deleted.push({ businessId, id, name })
    if (context.options.output === 'table') context.terminal.out(`deleted: ${printable(`${name} (${id})`)}\n`)
  }
  if (context.options.output !== 'table') context.show({ deleted }, () => fieldRows([]))
  return exitCodes.ok
}

async function setEnabled(context: VerbContext, reference: string, enabled: boolean): Promise<number> {
  const webhook = await context.find(reference)
  if (webhook.enabled === enabled) context.say(`it is already ${enabled ? 'on' : 'off'}`)
  const changed = webhook.enabled === enabled ? webhook : await (await context.admin()).patch(webhook, { enabled })
  context.show(changed, webhookRows)
  return exitCodes.ok
}

async function pause(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  if (webhook.paused) context.say('it is already paused')
  context.show(await (await context.admin()).pause(webhook), webhookRows)
  return exitCodes.ok
}

async function resume(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  if (!webhook.paused) context.say('it is not paused')
  context.show(await (await context.admin()).resume(webhook), webhookRows)
  return exitCodes.ok
}

async function rotateSecret(context: VerbContext, reference: string): Promise<number> {
  const webhook = await context.find(reference)
  context.show(await (await context.admin()).rotateSecret(webhook), webhookRows)
  return exitCodes.ok
}
