import { readFile } from 'node:fs/promises'
import { until } from '../local/process/until.ts'
import type { Business } from './business.ts'
import type { Conversation } from './conversations/conversation.ts'
import { parseConversations } from './conversations/conversations-file.ts'
import { samples } from './conversations/samples.ts'
import { compare, completionOf, type Report } from './delivery-report.ts'
import { type PlayOptions, play } from './player.ts'

const arrivalLimitMs = 60_000
const shownMissing = 10
const shownFaults = 20

/** @throws Error naming the file, and the line if one is wrong. */
export async function readConversations(file: string | undefined): Promise<Conversation[]> {
  if (file === undefined) return samples
  try {
    return parseConversations(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`)
  }
}

/** Plays the conversations, waits for their notifications (a minute at most), and compares. */
export async function playAndCompare(
  business: Business,
  conversations: Conversation[],
  options: PlayOptions,
): Promise<Report> {
  const { receiver } = business
  const published = await play(business.eventsOf(conversations), options)
  await until(completionOf(published, receiver.arrivals), arrivalLimitMs, options.clock, options.signal)
  return compare(published, receiver.arrivals)
}

export function isGood({ summary, faults }: Report): boolean {
  return summary.missing === 0 && faults.length === 0
}

/** The report as text, one fact a line. */
export function reportLines({ summary, missing, repeated, faults }: Report): string[] {
  const { events, deliveries, received, p50Ms, p99Ms } = summary
  const latency = p50Ms === null ? '' : `; from publishing to arrival p50 ${p50Ms} ms, p99 ${p99Ms} ms`
  return [
    `${events} events published, ${received} of ${deliveries} notifications arrived${latency}`,
    faults.length === 0 ? 'Every signature is valid, and each contact got its notifications in order.' : '',
    repeated === 0 ? '' : `${repeated} were delivered more than once.`,
    ...missing.slice(0, shownMissing).map((what) => `MISSING ${what}`),
    missing.length > shownMissing ? `... and ${missing.length - shownMissing} more` : '',
    ...faults.slice(0, shownFaults).map((what) => `WRONG ${what}`),
    faults.length > shownFaults ? `... and ${faults.length - shownFaults} more` : '',
  ].filter((line) => line !== '')
}
