import { expect, inject, test } from 'vitest'
import type { HttpEvent } from '../../deploy/demo/http-event.ts'
import { systemClock } from '../../services/platform/clock.ts'
import { startTestStack } from '../support/services.ts'

const contacts = 250
const eventsOfContact = 40
const settleLimitMs = 90_000
const killed = ['dispatcher', 'formatter', 'producer', 'stats-aggregator'] as const
const firstTime = '2026-03-01T12:00:00.000Z'

/** Forty messages of one contact, one an event. */
function conversation(businessId: string, channel: string, contact: number): HttpEvent[] {
  const contactId = `contact-${contact}`
  return Array.from({ length: eventsOfContact }, (_unused, i) => ({
    type: 'message' as const,
    eventId: `${businessId}-${contactId}-${i}`,
    businessId,
    chatPlatform: 'webchat',
    chatChannelId: channel,
    contactId,
    chatIdInChatPlatform: contactId,
    customerId: contactId,
    customerCreationTime: firstTime,
    sessionCreationTime: firstTime,
    messages: [
      { id: `${contactId}-${i}`, date: firstTime, from: 'user' as const, fromName: 'Ana', message: `message ${i}` },
    ],
  }))
}

test(`kill -9 of each service in turn during ${contacts * eventsOfContact} events: nothing is missing, order holds`, {
  timeout: 300_000,
}, async () => {
  await using world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
  })
  const channels = ['one', 'two', 'three', 'four']
  for (const channel of channels) await world.defineWebhook(`/${channel}`, [`${world.businessId}-${channel}`])
  await world.inForce()
  const conversations = Array.from({ length: contacts }, (_unused, contact) =>
    conversation(world.businessId, `${world.businessId}-${channels[contact % channels.length]}`, contact),
  )
  const played = world.play(conversations, { concurrency: 48, pauseMs: 20 })
  for (const name of killed) {
    // Not waiting for the one before to be back: two may be away at the same time.
    await systemClock.sleep(2_500)
    world.stack.service(name).kill('SIGKILL')
  }
  const stillPlaying = await Promise.race([played.then(() => false), systemClock.sleep(0).then(() => true)])
  const published = await played
  const report = await world.arrived(published, settleLimitMs)
  process.stdout.write(`killed ${killed.join(', ')}; ${JSON.stringify(report.summary)}, repeated ${report.repeated}\n`)
  expect(stillPlaying, 'the last kill came while events were still being published').toBe(true)
  expect(report.summary).toMatchObject({ events: contacts * eventsOfContact, missing: 0 })
  expect(report.faults).toEqual([])
})
