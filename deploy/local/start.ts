import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { systemClock } from '../../services/platform/clock.ts'
import { createAdminClient } from '../demo/admin-client.ts'
import type { Arrival } from '../demo/arrival.ts'
import { arrivalLines } from '../demo/arrival-line.ts'
import { openBusiness } from '../demo/business.ts'
import type { Summary } from '../demo/delivery-report.ts'
import { guideLines } from './demo-guide.ts'
import { openInterruption } from './demo-interruption.ts'
import { parseOptions, type StartOptions, usage } from './demo-options.ts'
import { isGood, playAndCompare, readConversations, reportLines } from './demo-run.ts'
import { startPlatform } from './platform.ts'
import { startStack } from './stack.ts'
import { announce } from './stack-address.ts'

/** npm start (contract.md, section 6). Progress goes to standard error, results to standard output. */

/** Between the events of a conversation, when people watch. */
const readablePauseMs = 400

type Ending = { exitCode: number; summary?: Summary }

async function start(options: StartOptions): Promise<Ending> {
  const conversations = await readConversations(options.conversationsFile)
  const interruption = openInterruption()

  await using platform = await startPlatform({ progress })
  progress(`This run uses ${platform.description}`)
  await using stack = await startStack({ ...platform, progress })
  const token = await stack.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  const adminUrl = stack.service('admin').url
  const producerUrl = stack.service('producer').url
  interruption.beGentle()
  const { signal } = interruption

  const brokers = platform.brokers.join(',')
  const { schemaRegistryUrl } = platform
  // A run that ends by itself does not take the place of one that people use.
  await using _ = options.once ? null : await announce({ brokers, schemaRegistryUrl, adminUrl, producerUrl, token })
  if (!options.demo) {
    for (const line of guideLines(platform, stack)) print(line)
    await aborted(signal)
    return { exitCode: 0 }
  }

  const admin = createAdminClient(adminUrl, token)
  const runId = randomBytes(3).toString('hex')
  await using business = await openBusiness({ admin, clock: systemClock, runId, onArrival: show })
  progress(`Playing ${conversations.length} conversations of business ${business.id} to the sample receiver ...`)
  const pauseMs = options.once ? 0 : readablePauseMs
  const report = await playAndCompare(business, conversations, {
    producerUrl,
    token,
    clock: systemClock,
    pauseMs,
    signal,
  })
  for (const line of reportLines(report)) print(line)
  if (!options.once) {
    for (const line of guideLines(platform, stack)) print(line)
    await aborted(signal)
    return { exitCode: 0 }
  }
  if (!isGood(report)) {
    stack.keepLogs()
    progress(`The services' logs are kept in ${stack.logDirectory}`)
  }
  return { exitCode: isGood(report) && !signal.aborted ? 0 : 1, summary: report.summary }
}

function show(arrival: Arrival): void {
  for (const line of arrivalLines(arrival)) print(line)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
  progress('Stopping ...')
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
      // All is stopped when this returns: the summary is the last line whatever stopping had to say.
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
