import pino from 'pino'
import { expect, test } from 'vitest'
import { logOutcome } from '../../../../services/dispatcher/outcome/attempt-log-line.ts'
import type { Attempt } from '../../../../services/domain/delivery/delivery.ts'
import { answeredAttempt } from '../../../support/sample-attempts.ts'

test.each<[string, Partial<Attempt>, number]>([
  ['success', {}, 20],
  ['error', { cause: '5xx', status: 503 }, 40],
  ['rejected', { cause: 'breaker' }, 40],
  ['rejected', { cause: 'superseded' }, 20],
  ['rejected', { cause: 'joined' }, 20],
])('an attempt is one line, a warning only if it failed: %s %o', (outcome, fields, level) => {
  const lines: { level: number }[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  logOutcome(log, { attempt: { ...answeredAttempt, ...fields, outcome } as Attempt })
  expect(lines.map((line) => line.level)).toEqual([level])
})
