import { type Command, Option } from 'commander'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { time } from './option-values.ts'

/** Options that select attempts, for the verbs attempts and export. */

export type AttemptOptions = {
  outcome?: string
  contact?: string
  delivery?: string
  since?: (nowMs: number) => string
  until?: (nowMs: number) => string
}

export function addAttemptOptions(verb: Command): Command {
  return verb
    .addOption(new Option('--outcome <outcome>').choices(attemptOutcomes))
    .option('--contact <id>', 'only this contact')
    .option('--delivery <id>', 'only this notification')
    .addOption(new Option('--since <time>', 'from this time on: ISO 8601, or an age: 15m, 6h, 2d').argParser(time))
    .addOption(new Option('--until <time>', 'before this time').argParser(time))
}

/** The query for the API. */
export function toAttemptQuery(options: AttemptOptions, nowMs: number): Record<string, string> {
  const query = {
    outcome: options.outcome,
    contactId: options.contact,
    deliveryId: options.delivery,
    since: options.since?.(nowMs),
    until: options.until?.(nowMs),
  }
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
