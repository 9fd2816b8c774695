import { describe, expect, test } from 'vitest'
import { dispatcherConfig } from '../../../../services/dispatcher/config.ts'
import { ConfigError, loadConfig } from '../../../../services/platform/config/config.ts'
import { topicsConfig } from '../../../../services/topics/config.ts'
import { toTopicSpec } from '../../../../services/topics/settings/kafka-settings.ts'
import { retentionVariables, topicsKeptFor } from '../../../../services/topics/settings/retention.ts'
import { type RetentionVariable, type Topic, topics } from '../../../../services/topics/topic-map.ts'
import { readDocument } from '../../../support/documents.ts'

const all: Topic[] = Object.values(topics)
const names = [...new Set(all.flatMap(({ retentionVariable }) => retentionVariable ?? []))]
const hourMs = 3_600_000
/** Topics whose values contain texts or contacts of chats; webhook-tests has samples only. */
const withPersonalData = all.filter(
  ({ schema, name }) =>
    /^(message-events|status-events|webhook-(deliveries|pending|attempts|dead-letters))\.avsc$/.test(schema) &&
    name !== topics.webhookTests.name,
)

test('every topic with texts or contacts has a variable for its retention, and no other topic has one', () => {
  expect(withPersonalData.length).toBeGreaterThan(10)
  expect(all.filter(({ retentionVariable }) => retentionVariable)).toEqual(withPersonalData)
})

describe.each(names)('%s', (variable: RetentionVariable) => {
  const own = all.filter((topic) => topic.retentionVariable === variable)

  test('its default is what the map declares for each of its topics', () => {
    const config = loadConfig(topicsConfig, {})
    for (const topic of own) expect(topic.cleanup).toEqual({ policy: 'delete', retentionDays: config[variable] / 24 })
  })

  test('it sets the retention of its topics and of no others', () => {
    const config = { ...loadConfig(topicsConfig, {}), [variable]: 250 }
    const kept = all.filter((topic) => toTopicSpec(topic, '', 4, config).settings['retention.ms'] === `${250 * hourMs}`)
    expect(kept).toEqual(own)
  })

  test('the guide states its topics, default and limits', () => {
    const { default: usual, minimum, maximum } = JSON.parse(JSON.stringify(retentionVariables[variable]))
    const listed = topicsKeptFor(variable).map((name) => `\`${name}\``)
    const limits = `${minimum} to ${maximum.toLocaleString('en')}`
    const row = `| \`${variable}\` | ${listed.join(', ')} | ${usual} | ${limits}`
    expect(readDocument('docs/operating/personal-data.md')).toContain(row)
  })
})

test('a day of every record is the shortest that works, with an expiry of a day', () => {
  const shortest = Object.fromEntries([...names, 'HOOKLINE_DISPATCHER_EXPIRY_HOURS'].map((name) => [name, '24']))
  expect(loadConfig(topicsConfig, shortest)).toMatchObject({ HOOKLINE_EVENT_RETENTION_HOURS: 24 })
})

test.each([
  [
    'notifications are kept for less than they wait',
    { HOOKLINE_NOTIFICATION_RETENTION_HOURS: '71' },
    /^HOOKLINE_NOTIFICATION_RETENTION_HOURS is 71; allowed: at least HOOKLINE_DISPATCHER_EXPIRY_HOURS \(72\)/,
  ],
  [
    'attempts are kept for less than notifications',
    { HOOKLINE_ATTEMPT_RETENTION_HOURS: '100' },
    /^HOOKLINE_ATTEMPT_RETENTION_HOURS is 100; allowed: at least HOOKLINE_NOTIFICATION_RETENTION_HOURS \(168\)/,
  ],
  [
    'dead letters are kept for longer than receivers recognise them',
    { HOOKLINE_DEAD_LETTER_RETENTION_HOURS: '337' },
    /^HOOKLINE_DEAD_LETTER_RETENTION_HOURS is "337"; allowed: integer from 24 to 336/,
  ],
  [
    'events are kept for less than a day',
    { HOOKLINE_EVENT_RETENTION_HOURS: '23' },
    /^HOOKLINE_EVENT_RETENTION_HOURS is "23"; allowed: integer from 24 to 8760/,
  ],
])('topics apply refuses its configuration when %s', (_what, env, message) => {
  expect(() => loadConfig(topicsConfig, env)).toThrow(ConfigError)
  expect(() => loadConfig(topicsConfig, env)).toThrow(message)
})

test('the dispatcher refuses an expiry beyond the retention that topics apply is given', () => {
  const env = {
    HOOKLINE_KEY_RING: `k=${Buffer.alloc(32).toString('base64')}`,
    HOOKLINE_NOTIFICATION_RETENTION_HOURS: '48',
  }
  expect(() => loadConfig(dispatcherConfig, env)).toThrow(/at least HOOKLINE_DISPATCHER_EXPIRY_HOURS \(72\)/)
  expect(loadConfig(dispatcherConfig, { ...env, HOOKLINE_DISPATCHER_EXPIRY_HOURS: '48' })).toBeDefined()
})

test('a text stays at most a day beyond its retention, because its topics start a segment every day', () => {
  for (const topic of withPersonalData)
    expect(toTopicSpec(topic, '', 4).settings['segment.ms'], topic.name).toBe(String(24 * hourMs))
})
