import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { systemClock } from '../../../services/platform/runtime/clock.ts'
import { createAdminClient } from '../../demo/admin-client.ts'
import { type Business, openBusiness } from '../../demo/business.ts'
import type { Conversation } from '../../demo/conversations/conversation.ts'
import type { Report, Summary } from '../../demo/delivery-report.ts'
import { isGood, playAndCompare, readConversations, reportLines } from '../../demo/demo-run.ts'
import type { PlayOptions } from '../../demo/player.ts'
import type { ReceivedRequest } from '../../receiver/arrival.ts'
import { arrivalLines } from '../../receiver/arrival-line.ts'
import { startPlatform } from '../platform/platform.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { announce } from '../stack/stack-address.ts'
import { guideLines } from './demo-guide.ts'
import { openInterruption } from './demo-interruption.ts'
import { parseOptions, type StartOptions, usage } from './demo-options.ts'

/** npm start (contract.md, section 6). Progress goes to standard error, results to standard output. */

/** Pause between the events of a conversation when people watch, in milliseconds. */
const readablePauseMs = 400

type Ending = { exitCode: number; summary?: Summary }

async function start(options: StartOptions): Promise<Ending> {
  const conversations = await readConversations(options.conversationsFile)
  const interruption = openInterruption()

  await using platform = await startPlatform({ progress })
  progress(`This run uses ${platform.description}`)
  const { brokers, schemaRegistryUrl } = platform
  await using stack = await startStack({ brokers, schemaRegistryUrl, progress })
  interruption.beGentle()
  const { signal } = interruption
  const token = await stack.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  // Awaited here, because returning closes what is open.
  if (options.once) return await playOnce(stack, token, conversations, signal)

  const adminUrl = stack.service('admin').url
  const producerUrl = stack.service('producer').url
  await using _ = await announce({ brokers: brokers.join(','), schemaRegistryUrl, adminUrl, producerUrl, token })
  await using business = options.demo ? await openDemo(stack, token) : null
  if (business) await playTo(business, stack, token, conversations, { pauseMs: readablePauseMs, signal })
  for (const line of guideLines(platform, stack, business?.id)) print(line)
  await printLogin(stack)
  const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }) : null
  lines?.on('line', () => void printLogin(stack))
  if (!signal.aborted) await once(signal, 'abort')
  // Closed, because reading from a terminal keeps the process alive.
  lines?.close()
  progress('Stopping ...')
  return { exitCode: 0 }
}

async function printLogin(stack: Stack): Promise<void> {
  print('The console: this link signs in once (press Enter for another one):')
  print(`  ${await stack.loginUrl({ role: 'super_admin', businessId: '*' })}`)
}

/** A run with an end. It writes no address file, which may belong to a stack in use. */
async function playOnce(
  stack: Stack,
  token: string,
  conversations: Conversation[],
  signal: AbortSignal,
): Promise<Ending> {
  try {
    await using business = await openDemo(stack, token)
    const report = await playTo(business, stack, token, conversations, { signal })
    if (!isGood(report)) keepLogs(stack)
    return { exitCode: isGood(report) && !signal.aborted ? 0 : 1, summary: report.summary }
  } catch (error) {
    keepLogs(stack)
    throw error
  }
}

function keepLogs(stack: Stack): void {
  stack.keepLogs()
  progress(`The services' logs are kept in ${stack.logDirectory}`)
}

async function openDemo(stack: Stack, token: string): Promise<Business> {
  const admin = createAdminClient(stack.service('admin').url, token)
  const runId = randomBytes(3).toString('hex')
  return openBusiness({ admin, clock: systemClock, runId, onArrival: show })
}

async function playTo(
  business: Business,
  stack: Stack,
  token: string,
  conversations: Conversation[],
  pace: Pick<PlayOptions, 'pauseMs' | 'signal'>,
): Promise<Report> {
  const options = { producerUrl: stack.service('producer').url, token, clock: systemClock, ...pace }
  await business.waitUntilInForce(options)
  progress(`Playing ${conversations.length} conversations of business ${business.id} to the sample receiver ...`)
  const report = await playAndCompare(business, conversations, options)
  for (const line of reportLines(report)) print(line)
  return report
}

function show(arrival: ReceivedRequest): void {
  for (const line of arrivalLines(arrival)) print(line)
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<number> {
  const parsed = parseOptions(process.argv.slice(2))
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(usage)
      return 0
    case 'wrong':
      process.stderr.write(`${parsed.why}\n\n${usage}`)
      return 64
    case 'start': {
      // Everything is stopped when this returns, so the summary is the last line.
      const { exitCode, summary } = await start(parsed.options)
      if (summary !== undefined) print(JSON.stringify(summary))
      return exitCode
    }
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
