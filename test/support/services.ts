import { randomBytes } from 'node:crypto'
import {
  type AdminClient,
  type CreatedWebhook,
  createAdminClient,
  type NewWebhook,
} from '../../deploy/demo/admin-client.ts'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import { compare, completionOf, type Published, type Report } from '../../deploy/demo/delivery-report.ts'
import { type PlayOptions, play } from '../../deploy/demo/player.ts'
import { waitUntilInForce } from '../../deploy/demo/ready-check.ts'
import { until } from '../../deploy/local/process/until.ts'
import { type Stack, type StackOptions, startStack } from '../../deploy/local/stack/stack.ts'
import { type Receiver, startReceiver } from '../../deploy/receiver/receiver.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { logDirectories } from './failure-logs.ts'

export type TestWebhook = CreatedWebhook & {
  /** The receiver of the notifications; `receiver.answer` scripts its answers. */
  path: string
  url: string
}

/** All services as processes, one activated business and a receiver: the set-up of an end-to-end test. */
export type TestStack = AsyncDisposable & {
  /** Processes to kill, pause or add to: `stack.service('dispatcher').kill('SIGKILL')`, `.restarted()`. */
  stack: Stack
  receiver: Receiver
  admin: AdminClient
  businessId: string
  /** Token of a super_admin for every business, with events:write. */
  token: string
  /**
   * Defines a webhook that posts to `path` of the receiver, which checks its signatures, and that selects every kind.
   */
  defineWebhook(path: string, channels: string[], more?: Partial<NewWebhook>): Promise<TestWebhook>
  /** Resolves when the definitions made before are in force for every event published from now on. */
  inForce(): Promise<void>
  /** Publishes conversations through the producer: in order within each, several at a time. */
  play(conversations: HttpEvent[][], more?: Partial<PlayOptions>): Promise<Published[]>
  /**
   * Waits until everything has arrived, and compares (see compare).
   * @param patienceMs ends the wait when nothing has arrived for this long. A busy machine takes its time, and nobody knows
   * how much.
   */
  arrived(published: Published[], patienceMs: number): Promise<Report>
}

/**
 * The longest that a definition may have: on a busy machine, no request ends, and no answer counts as slow, that was not
 * meant to.
 */
const patient = { timeoutMs: 30_000, slowThresholdMs: 30_000 }
/** Limit of the wait for definitions to be in force, in milliseconds. */
const inForceLimitMs = 120_000

/** @param options brokers and schemaRegistryUrl from vitest's inject(); topics and groups get their own prefix. */
export async function startTestStack(
  options: Omit<StackOptions, 'progress' | 'topicPrefix'> & Partial<StackOptions>,
): Promise<TestStack> {
  const runId = randomBytes(4).toString('hex')
  const progress = (line: string) => void process.stderr.write(`${line}\n`)
  const stack = await startStack({ progress, topicPrefix: `test-${runId}-`, partitions: 4, ...options })
  stack.keepLogs()
  logDirectories.add(stack.logDirectory)
  const token = await stack.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
  const admin = createAdminClient(stack.service('admin').url, token)
  const receiver = await startReceiver({ clock: systemClock })
  const businessId = `business-${runId}`
  await admin.activate(businessId)
  const playing = () => ({ producerUrl: stack.service('producer').url, token, clock: systemClock })
  return {
    stack,
    receiver,
    admin,
    businessId,
    token,
    async defineWebhook(path, channels, more = {}) {
      const url = receiver.url + path
      const basics = { name: `Test of ${path}`, url, channels, ...patient }
      const created = await admin.defineWebhook(businessId, { ...basics, ...more })
      receiver.expectSecrets(path, [created.secret])
      return { ...created, path, url }
    },
    inForce: () =>
      waitUntilInForce({ admin, runId: randomBytes(4).toString('hex'), limitMs: inForceLimitMs }, playing()),
    play: (conversations, more = {}) => play(conversations, { ...playing(), ...more }),
    async arrived(published, patienceMs) {
      const { arrivals } = receiver
      const isComplete = completionOf(published, arrivals)
      for (let seen = -1; seen < arrivals.length; ) {
        seen = arrivals.length
        if (await until(isComplete, patienceMs, systemClock)) break
      }
      return compare(published, arrivals)
    },
    async [Symbol.asyncDispose]() {
      await stack.stop()
      await receiver.close()
    },
  }
}
