import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { DeadLetterReason } from '../../services/domain/delivery/delivery.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs } from '../support/guarantee-size.ts'
import { lanesOf, messageOf, publish } from '../support/load.ts'
import { followOutcomes, type OutcomeTopics } from '../support/outcome-topics.ts'
import { startTestStack, type TestStack } from '../support/services.ts'

const figures: string[] = []
let world: TestStack
let topics: OutcomeTopics

beforeAll(async () => {
  world = await startTestStack({ brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') })
  topics = await followOutcomes(world.stack)
})

afterAll(async () => {
  await topics?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
  figure(21, figures.join('; '))
})

/** Outcome of an answer without retries: retriable ones are exhausted at once, final ones refused. */
type Verdict = 'success' | Extract<DeadLetterReason, 'exhausted' | 'refused' | 'gone'>

const statuses = Array.from({ length: 400 }, (_unused, index) => 200 + index)
/** A separate webhook for each hundred or less, because 101 failures would block it. */
const perWebhook = 90

/** The answers of contract.md, section 3, as an independent rule. */
function expected(status: number): Verdict {
  if (status < 300) return 'success'
  if (status === 410) return 'gone'
  return status >= 500 || [408, 425, 429].includes(status) ? 'exhausted' : 'refused'
}

test('every status from 200 to 599 of a real receiver has its outcome', { timeout: caseTimeoutMs }, async () => {
  // The last webhook gets only the 410, which switches it off.
  const groups = [
    ...chunks(
      statuses.filter((status) => status !== 410),
      perWebhook,
    ),
    [410],
  ]
  const channels = groups.map((_group, index) => `${world.businessId}-statuses-${index}`)
  for (const [index, channel] of channels.entries()) {
    // The timeout is longer than a receiver takes on a busy machine.
    await world.defineWebhook(`/statuses-${index}`, [channel], { retryProfile: 'none', timeoutMs: 30_000 })
    world.receiver.answer(`/statuses-${index}`, ({ notification }) => {
      const status = Number(notification?.contactId.slice('status-'.length))
      return { kind: 'status', status }
    })
  }
  await world.inForce()
  const events = groups.flatMap((group, index) =>
    group.map((status) =>
      messageOf({ channel: channels[index] ?? '', contactId: `status-${status}` }, 0, world.businessId),
    ),
  )
  await publish(world, events)

  const verdicts = async () => {
    const seen = new Map<string, string>()
    for (const { contactId, status, next } of await topics.attempts())
      if (next === 'none') seen.set(contactId, status === statusOf(contactId) ? 'success' : `success as ${status}`)
    for (const { reason, delivery, attempts } of await topics.deadLetters())
      if (delivery) seen.set(delivery.contactId, attempts[0]?.status === statusOf(delivery.contactId) ? reason : '?')
    return statuses.map((status) => `${status} ${seen.get(`status-${status}`)}`)
  }
  const table = statuses.map((status) => `${status} ${expected(status)}`)
  await until(async () => !(await verdicts()).some((line) => line.endsWith('undefined')), 60_000, systemClock)
  const mismatches = (await verdicts()).filter((line, index) => line !== table[index])
  figures.push(`${statuses.length} statuses, mismatches ${mismatches.length}`)
  expect(mismatches).toEqual([])
})

test('with the default profile, what may be retried is retried, and what is final is not', {
  timeout: caseTimeoutMs,
}, async () => {
  const sample = [408, 425, 429, 500, 503, 599, 302, 400, 404, 422]
  const channel = `${world.businessId}-retried`
  await world.defineWebhook('/retried', [channel])
  world.receiver.answer('/retried', ({ attempt, notification }) => {
    const status = Number(notification?.contactId.slice('retried-'.length))
    return { kind: 'status', status: attempt === 1 ? status : 204 }
  })
  await world.inForce()
  await publish(
    world,
    sample.map((status) => messageOf({ channel, contactId: `retried-${status}` }, 0, world.businessId)),
  )
  const nexts = async () => {
    const attempts = (await topics.attempts()).filter(({ chatChannelId }) => chatChannelId === channel)
    return sample.map((status) => {
      const own = attempts.filter(({ contactId }) => contactId === `retried-${status}`)
      return `${status} ${own.map(({ attempt, next }) => `${attempt} ${next}`).join(', ')}`
    })
  }
  const table = sample.map((status) =>
    expected(status) === 'exhausted' ? `${status} 1 retry, 2 none` : `${status} 1 deadLetter`,
  )
  await expect.poll(nexts).toEqual(table)
})

test('network errors are retried, with their cause named', { timeout: caseTimeoutMs }, async () => {
  // Nobody listens there, and nobody else is given this port meanwhile.
  const [closed = 0] = await findFreePorts(1)
  const errors: [name: string, url: string, cause: string, timeoutMs?: number][] = [
    ['reset', `${world.receiver.url}/reset`, 'connect'],
    ['refused', `http://127.0.0.1:${closed}/`, 'connect'],
    ['silent', `${world.receiver.url}/silent`, 'timeout', 1_000],
    ['unknown', 'http://no-such-host.invalid/', 'dns'],
    ['plain', world.receiver.url.replace('http:', 'https:'), 'tls'],
  ]
  world.receiver.answer('/reset', { kind: 'reset' })
  world.receiver.answer('/silent', { kind: 'hang' })
  const channelOf = (name: string) => `${world.businessId}-${name}`
  // Only one of them is to end by its timeout, however busy the machine is.
  for (const [name, url, , timeoutMs = 30_000] of errors) {
    const channels = [channelOf(name)]
    await world.admin.defineWebhook(world.businessId, { name, url, channels, retryProfile: 'none', timeoutMs })
  }
  await world.inForce()
  await publish(
    world,
    errors.map(([name]) => messageOf({ channel: channelOf(name), contactId: 'ana' }, 0, world.businessId)),
  )
  const seen = async () => {
    const letters = await topics.deadLetters()
    return errors.map(([name]) => {
      const letter = letters.find(({ delivery }) => delivery?.chatChannelId === channelOf(name))
      return `${name} ${letter?.reason} ${letter?.attempts[0]?.cause}`
    })
  }
  await expect.poll(seen).toEqual(errors.map(([name, , cause]) => `${name} exhausted ${cause}`))
  figures.push(`${errors.length} network errors, mismatches 0`)
})

test('a 410 switches the webhook off with the reason, and no request follows', { timeout: caseTimeoutMs }, async () => {
  const channel = `${world.businessId}-gone`
  const path = '/gone'
  const { id } = await world.defineWebhook(path, [channel], { maxInFlight: 1 })
  world.receiver.answer(path, { kind: 'status', status: 410 })
  await world.inForce()
  const lanes = lanesOf([channel], 20)
  const offer = (number: number) =>
    publish(
      world,
      lanes.map((lane) => messageOf(lane, number, world.businessId)),
    )
  await offer(0)
  type Shown = { enabled: boolean; disabledReason?: string }
  const shown = () => world.admin.http.get(`businesses/${world.businessId}/webhooks/${id}`).json<Shown>()
  await expect.poll(shown).toMatchObject({
    enabled: false,
    disabledReason: expect.stringContaining('410'),
  })
  await offer(1)
  // A restart does not change that.
  world.stack.service('dispatcher').kill('SIGKILL')
  await world.stack.service('dispatcher').restarted()
  await offer(2)
  // The formatter has handled all of them by now.
  await world.inForce()
  const own = async () => (await topics.deadLetters()).filter(({ delivery }) => delivery?.chatChannelId === channel)
  await expect.poll(async () => (await own()).length).toBeGreaterThanOrEqual(lanes.length)
  const requests = world.receiver.arrivals.filter((arrival) => arrival.path === path)
  figures.push(`${3 * lanes.length} events for a receiver that is gone: requests after its 410 ${requests.length - 1}`)
  expect(requests).toHaveLength(1)
  expect(new Set((await own()).map(({ reason }) => reason))).toEqual(new Set(['gone', 'disabled']))
})

function statusOf(contactId: string): number {
  return Number(contactId.slice('status-'.length))
}

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_unused, index) =>
    all.slice(index * size, (index + 1) * size),
  )
}
