import { useEffect, useState } from 'react'
import type { Values } from './fields.ts'

/**
 * What was typed, in this tab until it is saved or thrown away: it outlives a reload and the end of the session. Header
 * values are left out: they are credentials, and the tab's storage can be read by whoever sits at the machine next.
 */
export function keptDraft(key: string): Values | null {
  const text = sessionStorage.getItem(key)
  return text === null ? null : (JSON.parse(text) as Values)
}

export function forgetDraft(key: string): void {
  sessionStorage.removeItem(key)
}

export function draftKey(businessId: string, id = 'new'): string {
  return `hookline-draft:${businessId}:${id}`
}

/** Keeps what differs from the beginning. */
export function useKeptDraft(key: string, values: Values, initial: Values): void {
  const [began] = useState(() => JSON.stringify(withoutHeaderValues(initial)))
  useEffect(() => {
    const text = JSON.stringify(withoutHeaderValues(values))
    if (text === began) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  }, [key, values, began])
}

/** The mask of a stored value is none, and stays. */
function withoutHeaderValues(values: Values): Values {
  return {
    ...values,
    headers: values.headers.map(({ name, value }) => ({ name, value: value === '***' ? value : '' })),
  }
}
