import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sampleBody, toEvent } from '../../../../services/admin/test-send/sample-body.ts'
import { readSamples, type SampleBody } from '../../../../services/admin/test-send/sample-catalogue.ts'
import { everyKind } from '../../../../services/domain/definition/definition-values.ts'
import { chatPlatforms } from '../../../../services/domain/event/event.ts'
import { formatBody } from '../../../../services/domain/event/notification-body.ts'
import { notificationSchemas } from '../../../../services/domain/event/notification-schema.ts'
import { type SampleName, sampleNames, samples, samplesFor } from '../../../../services/domain/event/samples.ts'
import { compileSchema } from '../../../../services/platform/json/json-schema.ts'
import { nowMs } from '../support.ts'

const catalogue = readSamples()

type Parsed = SampleBody & { messages?: { date: string }[]; statusChangeTime?: string; sessionCreationTime?: string }

test.each([...catalogue.keys()])('the sample %s, read as an event and formatted again, has the same bytes', (name) => {
  const body = catalogue.get(name) as Parsed
  const at = body.statusChangeTime ?? body.messages?.[0]?.date ?? body.sessionCreationTime
  const written = readFileSync(
    new URL(`../../../../schemas/notifications/samples/${name}.json`, import.meta.url),
    'utf8',
  )
  expect(formatBody(toEvent(body, Date.parse(String(at))), everyKind)?.toString()).toBe(written)
})

const checks = {
  message: compileSchema(notificationSchemas['notification-message-1.1.schema.json']),
  status: compileSchema(notificationSchemas['notification-status-1.1.schema.json']),
}
const wish = { chatChannelId: 'till', businessId: 'bakery', idPrefix: 'test_1-', nowMs }
const made = (name: SampleName, chatPlatform?: string) =>
  JSON.parse(sampleBody(catalogue, { ...wish, name, chatPlatform }).toString())

describe('samples for tests and previews', () => {
  test('every sample is made of a published one, and is valid on every platform', () => {
    for (const name of sampleNames)
      for (const platform of [undefined, ...chatPlatforms, 'pigeon']) {
        const body = made(name, platform)
        expect(body).toMatchObject({
          chatChannelId: 'till',
          chatPlatform: platform ?? catalogue.get(samples[name].file)?.chatPlatform,
        })
        const { type } = body as { type: 'message' | 'status' }
        expect(checks[type](body), `${name} on ${platform}`).toMatchObject({ ok: true })
        expect('whatsappNumber' in body).toBe(body.chatPlatform === 'whatsapp')
      }
  })

  test.each<[SampleName, object]>([
    ['userMessages', { messages: [{ _id_: 'test_1-m1', from: 'user', date: new Date(nowMs).toISOString() }] }],
    ['botMessages', { messages: [{ _id_: 'test_1-m2', from: 'bot' }] }],
    ['operatorMessages', { messages: [{ _id_: 'test_1-m3', from: 'operator' }] }],
    ['attachment', { messages: [{ from: 'user', hasAttachment: true }] }],
    ['button', { messages: [{ from: 'user', isButton: true }] }],
    ['variableChanges', { messages: [], variables: { city: 'São Paulo' } }],
    ['deliveredStatus', { status: 'delivered', businessId: 'bakery', messageId: 'test_1-m1' }],
    ['readStatus', { status: 'read', statusChangeTime: new Date(nowMs).toISOString() }],
  ])('the sample for %s is %j', (name, content) => {
    const body = made(name)
    expect(body).toMatchObject(content)
    if (name !== 'variableChanges') expect(body).not.toHaveProperty('variables')
  })

  const none = Object.fromEntries(Object.keys(everyKind).map((name) => [name, false])) as Record<
    keyof typeof everyKind,
    boolean
  >
  test.each([
    [everyKind, [...sampleNames]],
    [{ ...none, userMessages: true }, ['userMessages', 'attachment', 'button']],
    [{ ...none, readStatus: true, botMessages: true }, ['botMessages', 'readStatus']],
    [none, ['userMessages']],
  ])('a webhook that receives %j is offered the samples %j', (events, offered) => {
    expect(samplesFor(events)).toEqual(offered)
  })
})
