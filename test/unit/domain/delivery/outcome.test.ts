import { expect, test } from 'vitest'
import { classify, type Outcome, type Replaced } from '../../../../services/domain/delivery/outcome.ts'

test.each<[Outcome | Replaced, string, string | null]>([
  [{ kind: 'success', status: 200, latencyMs: 999.9 }, 'success', null],
  [{ kind: 'success', status: 204, latencyMs: 1_000 }, 'slow', null],
  [{ kind: 'success', status: 299, latencyMs: 20_000 }, 'slow', null],
  [{ kind: 'refused', status: 301, latencyMs: 1 }, 'error', '3xx'],
  [{ kind: 'refused', status: 404, latencyMs: 1 }, 'error', '4xx'],
  [{ kind: 'refused', status: 503, latencyMs: 20_000 }, 'error', '5xx'],
  [{ kind: 'unreachable', reason: 'timeout', latencyMs: 1, detail: '' }, 'error', 'timeout'],
  [{ kind: 'unreachable', reason: 'dns', latencyMs: 1, detail: '' }, 'error', 'dns'],
  [{ kind: 'unreachable', reason: 'connect', latencyMs: 1, detail: '' }, 'error', 'connect'],
  [{ kind: 'unreachable', reason: 'tls', latencyMs: 1, detail: '' }, 'error', 'tls'],
  [{ kind: 'rejected', reason: 'breaker' }, 'rejected', 'breaker'],
  [{ kind: 'rejected', reason: 'address' }, 'rejected', 'address'],
  [{ kind: 'rejected', reason: 'expired' }, 'rejected', 'expired'],
  [{ kind: 'superseded' }, 'rejected', 'superseded'],
  [{ kind: 'joined', into: 'msg_1' }, 'rejected', 'joined'],
])('the outcome %o has its kind and cause', (outcome, name, cause) => {
  expect(classify(outcome, 1_000)).toEqual({ outcome: name, cause })
})
