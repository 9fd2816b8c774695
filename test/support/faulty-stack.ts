import { inject } from 'vitest'
import type { NewWebhook } from '../../deploy/demo/admin-client.ts'
import type { StackOptions } from '../../deploy/local/stack/stack.ts'
import { type LoadLane, lanesOf } from './load.ts'
import { startTestStack, type TestStack } from './services.ts'

export type FaultyStack = TestStack & {
  /** Ends of processes, in order: `dispatcher was ended by SIGKILL; starting it again`. */
  ends: string[]
  channels: string[]
  /** Path of each webhook in the admin API. */
  webhookPaths: string[]
  /** Signing secrets by webhook id. */
  secrets: Map<string, string>
  /** Contacts, spread evenly over the channels. */
  lanes: LoadLane[]
}

export type FaultyStackOptions = Partial<StackOptions> & {
  /** Number of webhooks; each has its own channel and posts to /0, /1, ... of the receiver. */
  webhooks: number
  contacts: number
  /** Fields of webhook n besides the defaults. */
  more?: (n: number) => Partial<NewWebhook>
}

/** The shortest session that Kafka allows by default, so that another instance soon takes over from a killed one. */
export const sessionTimeoutMs = 6_000

/** A stack for tests that kill and stop its processes. Its webhooks are in force. */
export async function startFaultyStack({
  webhooks,
  contacts,
  more,
  ...options
}: FaultyStackOptions): Promise<FaultyStack> {
  const ends: string[] = []
  const world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    progress: (line) => void (/ ended |not started again/.test(line) && ends.push(line)),
    ...options,
    extraEnv: { HOOKLINE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs), ...options.extraEnv },
  })
  const channels = Array.from({ length: webhooks }, (_unused, index) => `${world.businessId}-channel-${index}`)
  const made = await Promise.all(
    channels.map((channel, index) => world.defineWebhook(`/${index}`, [channel], more?.(index))),
  )
  const webhookPaths = made.map(({ id }) => `businesses/${world.businessId}/webhooks/${id}`)
  const secrets = new Map(made.map(({ id, secret }) => [id, secret]))
  await world.inForce()
  return { ...world, ends, channels, webhookPaths, secrets, lanes: lanesOf(channels, contacts) }
}
