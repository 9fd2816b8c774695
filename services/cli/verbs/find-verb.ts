import { type Command, Option } from 'commander'
import type { FoundNotification } from '../../domain/api/notifications.ts'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { notificationRows } from '../output/notification-rows.ts'
import type { Act } from '../program.ts'
import { positiveInteger, time } from './option-values.ts'

/** Verb find: what became of the messages of a contact, or of one message. */
export function addFindVerb(program: Command, act: Act): void {
  program
    .command('find')
    .description('look up what became of messages and statuses of the last seven days at all webhooks, newest first')
    .argument('<business>', 'id of the business')
    .argument('<query>', 'contact or its last digits, message or event id, webhook-id, client payload, name or text')
    .addOption(new Option('--since <time>', 'from this time on: ISO 8601, or an age: 15m, 6h, 2d').argParser(time))
    .addOption(new Option('--until <time>', 'before this time').argParser(time))
    .option('--limit <n>', 'maximum number', positiveInteger, 20)
    .action(act(find))
}

type FindOptions = { since?: (nowMs: number) => string; until?: (nowMs: number) => string; limit: number }

/** Most entries that admin returns in a page. */
const pageSize = 50

async function find(context: VerbContext, businessId: string, q: string, options: FindOptions): Promise<number> {
  const { terminal } = context
  const nowMs = terminal.clock.nowMs()
  const period = { since: options.since?.(nowMs), until: options.until?.(nowMs) }
  const asked = Object.entries(period).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const admin = await context.admin()
  const found: FoundNotification[] = []
  let [cursor, isComplete]: [string | undefined, boolean] = [undefined, true]
  let searchedBackTo: string
  do {
    const limit = Math.min(pageSize, options.limit - found.length)
    const query = { q, ...Object.fromEntries(asked), limit, ...(cursor !== undefined && { cursor }) }
    const page = await admin.findNotifications(businessId, query)
    found.push(...page.notifications)
    searchedBackTo = page.searchedBackTo
    isComplete &&= page.isComplete
    cursor = page.nextCursor
  } while (cursor !== undefined && found.length < options.limit)
  context.show(found, notificationRows)
  terminal.err(`Searched back to ${searchedBackTo}.\n`)
  if (!isComplete) terminal.err('Some results may be out of date: not every later record was read.\n')
  return exitCodes.ok
}
