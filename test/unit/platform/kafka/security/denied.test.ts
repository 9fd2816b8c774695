import { expect, test, vi } from 'vitest'
import { CommandReadiness } from '../../../../../services/platform/kafka/security/command-readiness.ts'
import { nameDenial } from '../../../../../services/platform/kafka/security/denied.ts'

const denied = (type = 'TOPIC_AUTHORIZATION_FAILED') => Object.assign(new Error('Not authorized'), { type })

test('a denial names right and resource, once, and another error stays as it is', () => {
  const named = nameDenial(nameDenial(denied(), 'Read', 'events'), 'Read', 'group g')
  expect(named.message).toBe("no permission to Read events: Kafka's ACLs do not allow it (Not authorized)")
  expect(nameDenial(denied('INVALID_TOPIC_EXCEPTION'), 'Read', 'events').message).toBe('Not authorized')
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
