import type { Call } from '../../../services/admin/http/route.ts'
import { definitionParser } from '../../../services/config-topics/config-tables.ts'
import type { DefinitionTable } from '../../../services/domain/definition/definition-table.ts'
import { KeyRing } from '../../../services/platform/keyring.ts'
import { type Clock, systemClock } from '../../../services/platform/runtime/clock.ts'
import type { UrlPolicy } from '../../../services/targets/target-url.ts'

export { sampleDefinition as definition } from '../../support/sample-definitions.ts'

export const nowMs = Date.parse('2026-03-01T12:00:00.000Z')

export const keys = KeyRing.parse(`k1=${Buffer.alloc(32, 1).toString('base64')}`)

/** A signing secret for each name. */
export const secretOf = (name: string) => `whsec_${Buffer.alloc(24, name).toString('base64')}`

export const policy: UrlPolicy = { allowInsecureUrls: false }

/** A clock that stands still; sleeping ends only by its signal. */
export const stillClock: Clock = {
  ...systemClock,
  nowMs: () => nowMs,
  monotonicMs: () => 0,
  random: () => 0.5,
  sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
}

type Params = { businessId: string; id: string; replayId: string; attemptId: string }

/** A request about webhook wh_a of business b1 by an identity that may do everything. */
export function callOf(fields: Partial<Params> & { query?: object; body?: unknown } = {}) {
  const { businessId = 'b1', id = 'wh_a', replayId = '', attemptId = '', query = {}, body } = fields
  return {
    identity: { subject: 'a', role: 'super_admin', permissions: [], businessId: '*' },
    expiresAtMs: 0,
    params: { businessId, id, replayId, attemptId },
    query,
    body,
    ifMatch: undefined,
    ended: new AbortController().signal,
  } satisfies Call
}

/** Folds the bytes of a record as openDefinitions does. */
export function folder(table: DefinitionTable): (id: string, offset: number, value: Buffer | string | null) => void {
  const parse = definitionParser()
  return (id, offset, value) => {
    const bytes = value === null ? null : Buffer.from(value)
    table.apply(id, offset, parse({ value: bytes, timestampMs: nowMs }))
  }
}
