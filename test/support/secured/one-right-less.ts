import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from '../../../deploy/local/process/until.ts'
import type { ServiceName } from '../../../deploy/local/stack/stack.ts'
import { systemClock } from '../../../services/platform/runtime/clock.ts'
import { messageOf, publish } from '../load.ts'
import type { TestStack } from '../services.ts'
import { type GrantedRight, grant, revoke } from './acl-bindings.ts'

export type RightOfService = GrantedRight & { program: ServiceName }

/** A webhook's channel, and its path at the receiver. */
export type Probe = { channel: string; path: string; webhookPath: string }

const namedWithinMs = 120_000
const recoversWithinMs = 120_000
const toolLimitMs = 60_000
const root = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Takes one right from each of these services at the same time, and restarts them: rights are used when a service starts,
 * works and ends. Then gives the rights back.
 * @returns what did not happen as it should.
 */
export async function takeFromServices(
  world: Pick<TestStack, 'stack' | 'token' | 'businessId' | 'receiver' | 'admin'>,
  brokers: string[],
  rights: readonly RightOfService[],
  { channel, path, webhookPath }: Probe,
): Promise<string[]> {
  const { stack, businessId, receiver, admin } = world
  const services = rights.map(({ program }) => stack.service(program))
  const logged = await Promise.all(services.map(({ logFile }) => stat(logFile).then(({ size }) => size)))
  await revoke(brokers, rights)
  for (const service of services) service.kill('SIGTERM')
  const named = await Promise.all(
    rights.map((right, index) => {
      const service = stack.service(right.program)
      return until(
        async () => {
          // Asks what only requests ask of Kafka.
          if (right.program === 'admin')
            for (const asking of [`${webhookPath}/stats`, `businesses/${businessId}/notifications?q=ana`])
              await admin.http(asking).catch(() => undefined)
          const log = (await readFile(service.logFile)).subarray(logged[index]).toString()
          const readiness = await fetch(`${service.url}/readyz`).then(
            (answer) => answer.text(),
            () => '',
          )
          return isNamed(right, `${log}\n${readiness}`)
        },
        namedWithinMs,
        systemClock,
      )
    }),
  )
  const lane = { channel, contactId: 'ana' }
  const event = messageOf(lane, randomUUID(), businessId)
  const before = receiver.arrivals.filter((arrival) => arrival.path === path).length
  const published = publish(world, [event])
  await grant(brokers, rights)
  await published
  const arrived = () => receiver.arrivals.filter((arrival) => arrival.path === path).length > before
  const flows = await until(arrived, recoversWithinMs, systemClock)
  const ready = await Promise.all(
    services.map((service) => until(() => service.isReady(), recoversWithinMs, systemClock)),
  )
  return [
    ...rights.flatMap((right, index) => (named[index] ? [] : [`${labelOf(right)}: not named`])),
    ...rights.flatMap((right, index) => (ready[index] ? [] : [`${labelOf(right)}: not ready again`])),
    ...(flows ? [] : [`nothing arrives after ${rights.map(labelOf).join(', ')}`]),
  ]
}

/** A command of a tool: arguments of Node, and variables. */
export type ToolCommand = { args: string[]; env: NodeJS.ProcessEnv }
/** End of a tool that lacked a right: whether it named the right, and whether it worked once it had it again. */
export type ToolEnd = { right: string; code: number; isNamed: boolean; worksAgain: boolean; output: string }

export async function runTool({ args, env }: ToolCommand): Promise<Pick<ToolEnd, 'code' | 'output'>> {
  const options = { cwd: root, env: { ...process.env, ...env }, timeout: toolLimitMs }
  return promisify(execFile)(process.execPath, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code?: number; stdout: string; stderr: string }) => ({
      code: error.code ?? -1,
      output: error.stdout + error.stderr,
    }),
  )
}

/** Runs a tool without one of its rights, which it has again afterwards. */
export async function takeFromTool(brokers: string[], right: GrantedRight, command: ToolCommand): Promise<ToolEnd> {
  await revoke(brokers, [right])
  const { code, output } = await runTool(command)
  await grant(brokers, [right])
  // The others are shown to work by the test of all rights, and a second run of theirs would find the first one's topic.
  const again = right.program === 'topics' ? (await runTool(command)).code : 0
  const named = isNamed(right, output)
  return { right: labelOf(right), code, isNamed: named, worksAgain: again === 0, output: output.slice(0, 1_000) }
}

/** Whether a line of the text names the topic or group and the operation. Read and Write include Describe. */
export function isNamed({ name, operation }: GrantedRight, text: string): boolean {
  const words = operation === 'Read' || operation === 'Write' ? [operation, 'Describe'] : [operation]
  return text.split('\n').some((line) => line.includes(name) && words.some((word) => line.includes(`to ${word} `)))
}

export function labelOf({ program, operation, name }: GrantedRight): string {
  return `${program}: ${operation} ${name}`
}

export function inRandomOrder<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** The first of each list, then the second of each, and so on. */
export function roundsOf<T>(lists: readonly T[][]): T[][] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_unused, round) => lists.flatMap((list) => list.slice(round, round + 1)))
}
