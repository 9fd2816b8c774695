import { useEffect, useState } from 'react'
import { maskedValue } from '../../../../domain/definition/definition-values.ts'
import type { Values } from './fields.ts'

/**
 * Unsaved values of a form, kept in this tab until they are saved or discarded. They survive a reload and the end of the
 * session. Credentials are left out: the next person at the machine can read the tab's storage.
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
  const [began] = useState(() => JSON.stringify(withoutCredentials(initial)))
  useEffect(() => {
    const text = JSON.stringify(withoutCredentials(values))
    if (text === began) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  }, [key, values, began])
}

/** Removes header values, keys and client secrets, except the mask of a stored one. */
function withoutCredentials(values: Values): Values {
  const { headers, tls, oauth2 } = values
  const kept = (value: string) => (value === maskedValue ? value : '')
  return {
    ...values,
    headers: headers.map(({ name, value }) => ({ name, value: kept(value) })),
    tls: { ...tls, key: kept(tls.key) },
    oauth2: { ...oauth2, clientSecret: kept(oauth2.clientSecret) },
  }
}
