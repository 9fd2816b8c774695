import { useEffect, useState } from 'react'
import { maskedValue } from '../../../../domain/definition/definition-values.ts'
import type { Values } from './fields.ts'

/**
 * Unsaved values of a form, kept in this tab until they are saved or discarded. They survive a reload and the end of the
 * session. Header values are left out: they are credentials, and the next person at the machine can read the tab's storage.
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

/** Keeps the form's values while they differ from the initial ones. */
export function useKeptDraft(key: string, values: Values, initial: Values): void {
  const [began] = useState(() => JSON.stringify(withoutHeaderValues(initial)))
  useEffect(() => {
    const text = JSON.stringify(withoutHeaderValues(values))
    if (text === began) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  }, [key, values, began])
}

/** Removes header values, except the mask of a stored one. */
function withoutHeaderValues(values: Values): Values {
  return {
    ...values,
    headers: values.headers.map(({ name, value }) => ({ name, value: value === maskedValue ? value : '' })),
  }
}
