import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type { NewDelivery } from '../../domain/api/traffic.ts'
import { secretBytes, writeSecret } from '../../domain/definition/secrets/secret-form.ts'
import type { AdminApi, AdminWebhook } from '../connection/admin-api.ts'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { type Forwarded, type ForwardOptions, forward } from '../listen/forward.ts'
import { printable } from '../output/output.ts'
import type { Act } from '../program.ts'

/** Verb listen: new notifications of webhooks, posted to a server on this machine. */
export function addListenVerb(program: Command, act: Act): void {
  program
    .command('listen')
    .description('post new notifications to a local URL too, signed, as your endpoint would get them, until Ctrl-C')
    .argument('[webhooks...]', 'ids or names; all of the business if none is named')
    .requiredOption('--forward <url>', 'URL to post to, such as http://localhost:3000/hooks')
    .option('--secret <whsec>', 'secret to sign with; by default a new one, which is printed')
    .addHelpText(
      'after',
      '\nEach notification is posted once, when it is created. Retries and replays are not posted. The token needs the permission\nwebhooks:bodies.',
    )
    .action(act(listen))
}

type ListenOptions = { forward: string; secret?: string }

const pollMs = 1_000
/** Each is asked for once a second. */
const mostWebhooks = 20

async function listen(context: VerbContext, references: string[], options: ListenOptions): Promise<number> {
  const { terminal } = context
  const { forward: url, secret = writeSecret(randomBytes(32)) } = options
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw usageFailure(`${url} is not an HTTP URL`)
  const checked = secretBytes(secret)
  if (!checked.ok) throw usageFailure(`--secret ${checked.problem}`)
  const admin = await context.admin()
  const webhooks = await findAll(context, admin, references)
  const start = await Promise.all(webhooks.map((webhook) => admin.newDeliveries(webhook, undefined)))
  context.say(`Listening to ${webhooks.map(({ name }) => printable(name)).join(', ')}, forwarding to ${url}`)
  context.say(`The signing secret is ${secret}`)
  // The failure of one ends all.
  const over = new AbortController()
  const ended = AbortSignal.any([terminal.interrupted, over.signal])
  const forwarding = { url, secret, ended, nowMs: () => terminal.clock.nowMs() }
  await Promise.all(
    webhooks.map(async (webhook, index) => {
      try {
        await follow(context, admin, webhook, start[index]?.nextCursor, forwarding)
      } finally {
        over.abort()
      }
    }),
  )
  return exitCodes.ok
}

/** Forwards the notifications of a webhook in order, one at a time, until it is ended. */
async function follow(
  context: VerbContext,
  admin: AdminApi,
  webhook: AdminWebhook,
  start: string | undefined,
  options: ForwardOptions,
): Promise<void> {
  const { clock } = context.terminal
  for (let cursor = start; !options.ended.aborted; ) {
    const page = await admin.newDeliveries(webhook, cursor)
    cursor = page.nextCursor
    for (const delivery of page.deliveries) {
      const forwarded = await forward(delivery, options)
      if (options.ended.aborted) return
      print(context, webhook, delivery, forwarded)
    }
    if (page.deliveries.length === 0) await clock.sleep(pollMs, options.ended)
  }
}

async function findAll(context: VerbContext, admin: AdminApi, references: string[]): Promise<AdminWebhook[]> {
  const found: AdminWebhook[] = []
  if (references.length === 0) found.push(...(await admin.list(await context.business())))
  else for (const reference of references) found.push(await context.find(reference))
  if (found.length === 0) throw usageFailure('the business has no webhooks')
  if (found.length > mostWebhooks) throw usageFailure(`name at most ${mostWebhooks} of the ${found.length} webhooks`)
  return found
}

function print(
  { terminal, options }: VerbContext,
  { id, name }: AdminWebhook,
  { deliveryId, kind }: NewDelivery,
  forwarded: Forwarded,
): void {
  const { status, detail, latencyMs } = forwarded
  if (options.output === 'json') {
    terminal.out(`${JSON.stringify({ webhookId: id, deliveryId, kind, ...forwarded })}\n`)
    return
  }
  const time = new Date(terminal.clock.nowMs()).toISOString().slice(11, 19)
  const answer = status === null ? `no answer (${detail})` : `${status} in ${latencyMs} ms`
  terminal.out(`${time} ${printable(name)} ${kind} ${deliveryId}: ${answer}\n`)
}
