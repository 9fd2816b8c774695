import { useEffect, useState } from 'react'
import type { Values } from './fields.ts'

/** What was typed, in this tab until it is saved or thrown away: it outlives a reload and the end of the session. */
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
  const [began] = useState(() => JSON.stringify(initial))
  useEffect(() => {
    const text = JSON.stringify(values)
    if (text === began) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  }, [key, values, began])
}
