import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AttemptDetail, DeadLetterEntry, Fate } from '../../../services/console/src/api/types.ts'
import { waitsBehind } from '../../../services/console/src/pages/conversation/waits-behind.ts'
import { toTimeline } from '../../../services/console/src/pages/notification/timeline.ts'
import { toCurl } from '../../../services/console/src/parts/requests/curl.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 4, 5, minute)).toISOString()
const attempt = (minute: number) => ({ id: `0-${minute}`, at: at(minute) }) as AttemptDetail
const letter = (minute: number) => ({ at: at(minute), reason: 'refused' }) as DeadLetterEntry

test('a story tells the event first, then attempts, dead letters and replays by time, and the next attempt last', () => {
  const steps = toTimeline({
    at: at(0),
    formattedAt: at(1),
    fate: 'retrying',
    tries: [attempt(2), attempt(6)],
    deadLetters: [letter(3)],
    replays: [{ replayId: 'rpl_1', at: at(5) }],
    nextAttemptAt: at(9),
  })
  expect(steps.map((step) => `${step.kind} ${step.at?.slice(14, 16)}`)).toEqual([
    'published 00',
    'formatted 01',
    'attempt 02',
    'givenUp 03',
    'replay 05',
    'attempt 06',
    'next 09',
  ])
})

test('the story of an event without notification ends with that', () => {
  const none = { formattedAt: null, tries: [], deadLetters: [], replays: [], nextAttemptAt: null }
  expect(toTimeline({ ...none, at: at(0), fate: 'notSent' }).map(({ kind }) => kind)).toEqual(['published', 'notMade'])
})

const one = (id: string, fate: Fate, attempts = 0, webhookId: string | null = 'wh_a') => ({
  id,
  fate,
  attempts,
  webhookId,
})

test('a notification waits behind the latest unfinished one of its contact at the same webhook', () => {
  const behind = waitsBehind([
    one('a', 'delivered', 1),
    one('b', 'retrying', 3),
    one('c', 'waiting'),
    one('d', 'waiting', 0, 'wh_b'),
    one('e', 'notSent', 0, null),
    one('f', 'parked'),
  ])
  expect([...behind].map(([id, first]) => `${id} behind ${first.id}`)).toEqual(['c behind b', 'f behind c'])
})

test('after its third attempt a notification holds up nothing any more', () => {
  expect(waitsBehind([one('a', 'retrying', 4), one('b', 'waiting')]).size).toBe(0)
})

test('a shell reads the copied command as the request, whatever characters it has', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', 'é', 'a', '!') }),
      fc.string({ unit: fc.constantFrom("'", ' ', 'x', '$(id)') }),
      (body, value) => {
        const headers = { 'x-name': value }
        const command = toCurl({ method: 'POST', url: 'https://shop.example/hooks', headers, body })
        const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }; ${command}`
        const words = execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1)
        const expected = ['-X', 'POST', 'https://shop.example/hooks', '-H', `x-name: ${value}`, '--data-binary', body]
        expect(words).toEqual(expected)
      },
    ),
    { numRuns: 30 },
  )
})

test('a request whose address and body are gone is copied with a gap for the address', () => {
  expect(toCurl({ method: 'POST', url: null, headers: {}, body: null })).toBe("curl -X POST 'URL'")
})
