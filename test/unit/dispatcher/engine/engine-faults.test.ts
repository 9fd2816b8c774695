import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as records from '../../../../services/dispatcher/engine/attempt-record.ts'
import * as breaker from '../../../../services/dispatcher/engine/gate/breaker.ts'
import * as retry from '../../../../services/dispatcher/engine/gate/retry.ts'
import * as items from '../../../../services/dispatcher/engine/item.ts'
import * as groups from '../../../../services/dispatcher/engine/scheduling/slot-group-keys.ts'
import * as letters from '../../../../services/domain/delivery/dead-letter.ts'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { commitsOf, ok, position, topic, world } from '../../../support/engine-world.ts'
import { definition, delivery, type SimulatedWorld } from '../../../support/simulation.ts'

vi.mock(import('../../../../services/dispatcher/engine/gate/breaker.ts'), spied)
vi.mock(import('../../../../services/dispatcher/engine/attempt-record.ts'), spied)
vi.mock(import('../../../../services/dispatcher/engine/item.ts'), spied)
vi.mock(import('../../../../services/domain/delivery/dead-letter.ts'), spied)
vi.mock(import('../../../../services/dispatcher/engine/scheduling/slot-group-keys.ts'), spied)
vi.mock(import('../../../../services/dispatcher/engine/gate/retry.ts'), spied)

/** The real module, with a spy on each function. */
async function spied<T>(original: () => Promise<T>): Promise<T> {
  const module = await original()
  const entries = Object.entries(module as object).map(([name, value]) => [
    name,
    typeof value === 'function' ? vi.fn(value as () => unknown) : value,
  ])
  return Object.fromEntries(entries)
}

const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
const final: Outcome = { kind: 'refused', status: 400, latencyMs: 5 }
const gone: Outcome = { kind: 'refused', status: 410, latencyMs: 5 }

/**
 * Steps in which an exception can occur while a delivery is handled: those outside the engine, and the pure ones in it.
 */
const ports = ['random', 'definition', 'send', 'record'] as const
const pure = {
  'retry.decideNext': [retry, 'decideNext'],
  'records.attemptRecord': [records, 'attemptRecord'],
  'records.toSummary': [records, 'toSummary'],
  'letters.toDeadLetter': [letters, 'toDeadLetter'],
  'items.createItem': [items, 'createItem'],
  'groups.readGroupKeys': [groups, 'readGroupKeys'],
  'breaker.gate': [breaker, 'gate'],
  'breaker.onResult': [breaker, 'onResult'],
} as const
const steps = [...ports, ...(Object.keys(pure) as (keyof typeof pure)[])]

/** Calls `before` at each call of the step. */
function sabotage(made: SimulatedWorld, step: (typeof steps)[number], before: (id: string | null) => void): void {
  const mockOf = ([of, name]: readonly [object, string]) => (of as Record<string, ReturnType<typeof vi.fn>>)[name]
  const pureStep = step in pure ? pure[step as keyof typeof pure] : undefined
  if (pureStep) {
    const mock = mockOf(pureStep)
    const original = mock?.getMockImplementation() as ((...args: unknown[]) => unknown) | undefined
    if (!mock || !original) throw new Error(`${step} is not spied on`)
    mock.mockImplementation((...args: unknown[]) => {
      before(null)
      return original(...args)
    })
    restores.push(() => void mock.mockImplementation(original))
  } else
    made.sabotage = (port, id) => {
      if (port === step) before(id)
    }
}

const restores: (() => void)[] = []
beforeEach(() => {
  for (const restore of restores.splice(0)) restore()
})

/** Lets time and promises pass until everything has ended, or the process would have ended. */
async function settle(made: SimulatedWorld): Promise<void> {
  const endMs = made.clock.nowMs + 3_600_000
  while (made.clock.nowMs < endMs && made.failures.length === 0) {
    made.clock.runUntil(made.clock.nowMs + (made.clock.nowMs < endMs - 3_580_000 ? 100 : 20_000))
    made.engine.tick()
    for (let turns = 0; turns < 8; turns++) await Promise.resolve()
  }
}

const count = 12

/** Webhooks of two businesses, one of which fails in every way; one notification of four is of the webhook `other`. */
function scene(): SimulatedWorld {
  const answers = [ok, busy, final, gone, ok]
  const made = world((id) => ({ outcome: id.startsWith('o') ? ok : (answers[Number(id.slice(1)) % 5] as Outcome) }))
  made.definitions.set('w', definition('w', { retryProfile: 'none', whenBlocked: 'park' }))
  made.definitions.set('other', definition('other', { businessId: 'another' }))
  return made
}

function offerAll(made: SimulatedWorld): void {
  for (let i = 0; i < count; i++) {
    const of =
      i % 4 === 3
        ? { ...delivery(`o${i}`, 'other', 'ben'), businessId: 'another' }
        : delivery(`d${i}`, 'w', `contact${i % 2}`)
    made.engine.offer(position(i), of)
  }
}

const fateOf = (made: SimulatedWorld) => ({
  ended: made.ended.size,
  held: made.engine.pool.count,
  failures: made.failures.length,
  commits: commitsOf(made),
})
const allEnded = { ended: count, held: 0, failures: 0, commits: [{ topic, partition: 0, offset: count }] }

describe.each(steps)('guarantee 55a: an exception in %s', (step) => {
  test('an exception at any single call changes nothing, as it is tried again', async () => {
    for (let nth = 1; nth <= 60; nth++) {
      const made = scene()
      let calls = 0
      sabotage(made, step, () => {
        if (++calls === nth) throw new Error('once')
      })
      offerAll(made)
      await settle(made)
      expect(fateOf(made), `call ${nth}`).toEqual(allEnded)
      expect(
        made.deadLetters.filter(({ reason }) => reason === 'fault'),
        `call ${nth}`,
      ).toEqual([])
      for (const restore of restores.splice(0)) restore()
      if (calls < nth) return
    }
  })

  test('an exception at any two calls in a row sets at most that record aside, and the others continue in order', async () => {
    for (let nth = 1; nth <= 40; nth++) {
      const made = scene()
      let calls = 0
      sabotage(made, step, () => {
        calls++
        if (calls === nth || calls === nth + 1) throw new Error('twice')
      })
      offerAll(made)
      await settle(made)
      expect(fateOf(made), `call ${nth}`).toEqual(allEnded)
      const faults = made.deadLetters.filter(({ reason }) => reason === 'fault')
      expect(faults.length, `call ${nth}`).toBeLessThanOrEqual(1)
      if (faults[0]) expect(faults[0].detail).toContain('twice')
      for (const restore of restores.splice(0)) restore()
      if (calls < nth) return
    }
  })

  test('an exception for every record of several owners ends the process, and nothing is committed', async () => {
    const made = scene()
    sabotage(made, step, () => {
      throw new Error('always')
    })
    for (let i = 0; i < 60; i++) {
      const of =
        i % 2 === 0
          ? delivery(`d${i}`, 'w', `c${i}`)
          : { ...delivery(`o${i}`, 'other', `c${i}`), businessId: 'another' }
      made.engine.offer(position(i), of)
    }
    await settle(made)
    const isReached = made.failures.length > 0
    // Steps that few of these deliveries reach, or that need not work for a delivery to continue.
    if (!isReached)
      expect([
        'random',
        'groups.readGroupKeys',
        'records.toSummary',
        'letters.toDeadLetter',
        'breaker.onResult',
        'breaker.gate',
      ]).toContain(step)
    else for (const { offset } of commitsOf(made)) expect(offset).toBe(0)
  })
})

test.each(['send', 'record'] as const)(
  'guarantee 55a: a record for which %s always throws becomes a dead letter with its delivery, and the others continue',
  async (step) => {
    const made = scene()
    const odd = 'd4'
    sabotage(made, step, (id) => {
      if (id === odd) throw new Error('an odd record')
    })
    offerAll(made)
    await settle(made)
    const faults = made.deadLetters.filter(({ reason }) => reason === 'fault')
    expect(faults).toHaveLength(1)
    expect(faults[0]?.source).toMatchObject(position(4))
    expect(faults[0]?.detail).toContain('an odd record')
    expect(made.engine.pool.count).toBe(0)
    expect(commitsOf(made)).toEqual([{ topic, partition: 0, offset: count }])
    expect(made.sent.filter(({ webhookId }) => webhookId === 'other')).toHaveLength(3)
  },
)

test.each(['send', 'record', 'definition'] as const)(
  'guarantee 55a: a test notification for which %s throws ends as one dead letter',
  async (step) => {
    const made = scene()
    sabotage(made, step, (id) => {
      if (id === 't0' || step === 'definition') throw new Error('an odd test')
    })
    const at = { topic: 'webhook-tests', partition: 0, offset: 0 }
    made.offerTest(at, { ...delivery('t0', 'w', 'ana'), createdAt: made.clock.nowMs })
    made.clock.runUntil(made.clock.nowMs + 10)
    if (step === 'definition') made.sabotage = () => {}
    await settle(made)
    expect(made.engine.inFlight).toBe(0)
    expect(commitsOf(made)).toEqual([{ ...at, offset: 1 }])
    expect(made.deadLetters.map(({ reason }) => reason)).toEqual(['fault'])
  },
)
