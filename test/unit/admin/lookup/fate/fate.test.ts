import { expect, test } from 'vitest'
import { decideFate, type FateFacts } from '../../../../../services/admin/lookup/fate/fate.ts'
import { answeredAttempt } from '../../../../support/sample-attempts.ts'

const made: FateFacts = {
  isFormatted: true,
  skipped: null,
  createdAtMs: 100,
  attempts: [],
  letters: [],
  replays: [],
  parkedFor: null,
  isTaken: false,
}
const none: FateFacts = { ...made, createdAtMs: null }
const arrived = { ...answeredAttempt, startedAt: 200 }
const failed = { ...arrived, outcome: 'error', next: 'retry', nextAttemptAt: 900 } as const
const last = { ...failed, startedAt: 300, next: 'deadLetter', nextAttemptAt: null } as const
const superseded = { ...last, startedAt: 350, outcome: 'rejected', cause: 'superseded', next: 'none' } as const
const letter = { reason: 'exhausted', deadLetteredAt: 400 } as const
const replay = { replayId: 'rpl_1', atMs: 500 }

test.each<[string, FateFacts, string, string | null]>([
  ['an event that the formatter has not reached', { ...none, isFormatted: false }, 'formatting', null],
  [
    'an event that waits for the formatter while its webhook is off',
    { ...none, isFormatted: false, skipped: { reason: 'off', webhookId: 'wh_a' } },
    'formatting',
    null,
  ],
  ['an event that was skipped', { ...none, skipped: { reason: 'unwanted', webhookId: 'wh_a' } }, 'notSent', 'unwanted'],
  ['an event that should have become a notification', none, 'unknown', null],
  ['an event that is too large', { ...none, letters: [{ ...letter, reason: 'oversize' }] }, 'givenUp', 'oversize'],
  ['a notification without attempts', made, 'waiting', null],
  ['a finished notification whose attempts are gone', { ...made, isTaken: true }, 'unknown', null],
  ['a notification that arrived', { ...made, attempts: [arrived] }, 'delivered', null],
  ['one that arrived slowly', { ...made, attempts: [{ ...arrived, outcome: 'slow' }] }, 'delivered', null],
  ['one that failed and will be tried again', { ...made, attempts: [failed] }, 'retrying', null],
  ['one that arrived at the second attempt', { ...made, attempts: [failed, arrived] }, 'delivered', null],
  ['one that was given up', { ...made, attempts: [failed, last], letters: [letter] }, 'givenUp', 'exhausted'],
  ['one whose dead letter is not there yet', { ...made, attempts: [failed, last] }, 'givenUp', null],
  [
    'one that was rejected while blocked',
    { ...made, letters: [{ ...letter, reason: 'breaker' }] },
    'givenUp',
    'breaker',
  ],
  ['one that was left out', { ...made, attempts: [failed, superseded] }, 'notSent', 'superseded'],
  [
    'one that was left out after it had been parked',
    { ...made, attempts: [superseded], parkedFor: 'overflow' },
    'notSent',
    'superseded',
  ],
  [
    'one whose joined notification is gone',
    { ...made, attempts: [{ ...superseded, cause: 'joined' }] },
    'unknown',
    null,
  ],
  ['one that was left out and is replayed', { ...made, attempts: [superseded], replays: [replay] }, 'waiting', null],
  ['one that is kept while blocked', { ...made, parkedFor: 'breaker' }, 'parked', 'breaker'],
  [
    'one that is kept with a retry to come',
    { ...made, attempts: [failed], parkedFor: 'overflow' },
    'parked',
    'overflow',
  ],
  ['a replay to come', { ...made, attempts: [last], letters: [letter], replays: [replay] }, 'waiting', null],
  [
    'a replay that failed and will be tried again',
    {
      ...made,
      attempts: [last, { ...failed, startedAt: 600, replayId: 'rpl_1' }],
      letters: [letter],
      replays: [replay],
    },
    'retrying',
    null,
  ],
  [
    'a replay that arrived',
    {
      ...made,
      attempts: [last, { ...arrived, startedAt: 600, replayId: 'rpl_1' }],
      letters: [letter],
      replays: [replay],
    },
    'delivered',
    null,
  ],
  [
    'a replay that was given up again',
    {
      ...made,
      attempts: [last, { ...last, startedAt: 600, replayId: 'rpl_1' }],
      letters: [letter, { reason: 'refused', deadLetteredAt: 700 }],
      replays: [replay],
    },
    'givenUp',
    'refused',
  ],
  [
    'one that arrived and was replayed in vain',
    {
      ...made,
      attempts: [arrived, { ...last, startedAt: 600, replayId: 'rpl_1' }],
      letters: [{ ...letter, deadLetteredAt: 700 }],
    },
    'delivered',
    null,
  ],
])('the fate follows from the records of %s', (_what, facts, fate, reason) => {
  expect(decideFate(facts)).toMatchObject({ fate, reason })
})

test('a fate has the time of the record that decided it, and a retry its next time', () => {
  expect(decideFate({ ...made, attempts: [failed] })).toEqual({
    fate: 'retrying',
    reason: null,
    atMs: 200,
    nextAttemptAtMs: 900,
  })
  expect(decideFate({ ...made, letters: [letter] }).atMs).toBe(400)
})
