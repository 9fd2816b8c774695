import { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { CommandReadiness } from '../../platform/kafka/security/command-readiness.ts'
import { systemClock } from '../../platform/runtime/clock.ts'
import { createLogger } from '../../platform/runtime/log.ts'
import type { TopicsConfig } from '../config.ts'
import { copyRecords } from './copy.ts'
import { Installation } from './installation.ts'
import { movedTopics } from './moved-topics.ts'
import { findUnfinished, type Unfinished } from './unfinished.ts'

/** npm run topics -- migrate (docs/decisions/0027): from the topics of one installation to those of another. */

export type MigrateOptions = {
  /** Configuration of the installation that is left. */
  from: TopicsConfig
  /** Whether to switch while notifications wait in webhook-parked. */
  leaveParked: boolean
}

const pauseMs = 2_000

/** @returns false, with nothing written, if the new topics have records already. */
export async function migrate(
  to: TopicsConfig,
  { from, leaveParked }: MigrateOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const log = createLogger('topics', 'error')
  const fail = (error: unknown): never => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
  const context = { log, clock: systemClock, readiness: new CommandReadiness(fail) }
  await using source = await Installation.open(from, context, fail)
  await using target = await Installation.open(to, context, fail)
  for (const topic of movedTopics) {
    const records = (await target.ends(topic)).reduce((sum, { low, high }) => sum + high - low, 0)
    if (records === 0) continue
    print(`${target.name(topic)} has records already. Delete and create the new topics to begin again.`)
    return false
  }
  for (let said: string | null = null; ; await systemClock.sleep(pauseMs)) {
    const unfinished = await findUnfinished(source, log)
    const line = describe(unfinished, leaveParked)
    if (line !== said) print(line === '' ? `done; ${unfinished.retries} notifications wait for a retry` : line)
    said = line
    if (line === '') break
  }
  await using producer = await BatchingProducer.open(target.kafka, context, fail)
  for (const [topic, count] of await copyRecords(source, target, producer))
    print(`copied: ${count} records of ${topic}`)
  return true
}

/** One line about what is unfinished; empty if nothing is. */
function describe({ before, parked }: Unfinished, leaveParked: boolean): string {
  const parts = [...before].map(([topic, records]) => `${records} records of ${topic}`)
  if (parked.length > 0 && !leaveParked) parts.push(`webhook-parked, for ${parked.slice(0, 10).join(', ')}`)
  return parts.length === 0 ? '' : `waiting for ${parts.join('; ')}`
}
