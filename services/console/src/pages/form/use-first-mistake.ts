import { type RefObject, useEffect, useRef } from 'react'

const controls = 'input:not([type=hidden]), select, textarea, button'

/**
 * Moves the focus to the first field with a mistake after each refusal. It runs after drawing: only then do the fields
 * carry their mistakes.
 * @param refusals number of refusals so far.
 */
export function useFirstMistake(refusals: number): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (refusals === 0) return
    const first = form.current?.querySelector<HTMLElement>('[aria-invalid=true], [data-mistake]')
    const control = first?.matches(controls) ? first : (first?.querySelector<HTMLElement>(controls) ?? first)
    control?.focus()
  }, [refusals])
  return form
}
