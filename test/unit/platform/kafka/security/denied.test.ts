import { expect, test, vi } from 'vitest'
import { CommandReadiness } from '../../../../../services/platform/kafka/security/command-readiness.ts'
import { nameDenial } from '../../../../../services/platform/kafka/security/denied.ts'
import { ReadDenials } from '../../../../../services/platform/kafka/security/read-denials.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../../services/platform/runtime/readiness.ts'

const denied = (type = 'TOPIC_AUTHORIZATION_FAILED') => Object.assign(new Error('Not authorized'), { type })

test('a denial names right and resource, once, and another error stays as it is', () => {
  const named = nameDenial(nameDenial(denied(), 'Read', 'events'), 'Read', 'group g')
  expect(named.message).toBe("no permission to Read events: Kafka's ACLs do not allow it (Not authorized)")
  expect(nameDenial(denied('INVALID_TOPIC_EXCEPTION'), 'Read', 'events').message).toBe('Not authorized')
})

test('readiness shows a denial until it has not occurred for a while, and the log tells of it once', () => {
  const readiness = new Readiness()
  const lines: object[] = []
  let nowMs = 0
  const clock = {
    ...systemClock,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0,
    sleep: async () => undefined,
  }
  const denials = new ReadDenials('kafka consumer g', {
    readiness,
    clock,
    log: { warn: (line: object) => void lines.push(line) } as never,
  })
  denials.onFetch()
  for (const reason of ['no permission to Read a', 'no permission to Read a']) {
    denials.add(reason)
    nowMs += 1_000
    denials.onFetch()
    expect(readiness.faults()).toEqual({ 'kafka consumer g': 'no permission to Read a' })
  }
  nowMs += 2_000
  denials.onFetch()
  expect(readiness.ready).toBe(true)
  expect(lines).toEqual([{ part: 'kafka consumer g', reason: 'no permission to Read a', unlogged: 0 }])
})

test('a command ends with a denial, and waits for anything else', () => {
  const fail = vi.fn()
  const readiness = new CommandReadiness(fail)
  readiness.set('topic a', 'Connection error')
  expect(fail).not.toHaveBeenCalled()
  readiness.set('topic a', nameDenial(denied(), 'Describe', 'a').message)
  expect(fail).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: expect.stringContaining('Describe a') }),
  )
})
