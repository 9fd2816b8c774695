import { useState } from 'react'
import { useLocation } from 'react-router'
import type { AuditView } from '../../../api/types.ts'
import type { Values } from '../../form/fields.ts'
import { restoreValues } from './versions.ts'

/** An earlier version to restore, in the state of the page's address: what has changed since. */
export type Restoring = { version: number; changes: AuditView['changes'] }

/** Values of the earlier version that the page was opened to restore; null if it was opened to edit. */
export function useRestoredVersion(current: Values): { version: number; values: Values; left: string[] } | null {
  const state = useLocation().state as Restoring | null
  const [restored] = useState(() =>
    state === null ? null : { version: state.version, ...restoreValues(current, state.changes) },
  )
  return restored
}
