import { type RefObject, useEffect } from 'react'

const remembered = 10
const focusable =
  'a[href], button:not(:disabled), input:not(:disabled):not([type=hidden]), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]'

/**
 * Gives the focus back when its element goes: a button that is disabled while its action runs, a row that is removed, a
 * dialog whose opener was in a menu. Browsers drop the focus then, and Tab would begin at the top (WCAG 2.4.3).
 */
export function useKeptFocus(main: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    /** Elements that had the focus, the latest first. */
    let history: HTMLElement[] = []
    /** Ancestors of the latest one, the nearest first: once it is removed it has none. */
    let around: Element[] = []
    let isDisabled = false

    const remember = (element: Element | null) => {
      if (!(element instanceof HTMLElement)) return
      history = [element, ...history.filter((one) => one !== element)].slice(0, remembered)
      around = ancestorsOf(element)
      isDisabled = false
    }
    const onFocus = ({ target }: FocusEvent) => remember(target as Element)
    /** Somebody who clicks on no control leaves the focus on purpose. */
    const onPointer = ({ target }: PointerEvent) => {
      const control = target instanceof Element ? target.closest(focusable) : null
      if (control === null) history = []
      else remember(control)
    }
    const restore = () => {
      const [latest] = history
      if (latest === undefined || document.activeElement !== document.body || !document.hasFocus()) return
      if (latest.matches(':disabled')) {
        isDisabled = true
        return
      }
      if (latest.isConnected) {
        if (isDisabled) latest.focus({ preventScroll: true })
        isDisabled = false
        return
      }
      const dialog = document.querySelector('[aria-modal=true]')
      const next = neighbour(around, main.current) ?? history.find(isThere) ?? main.current
      // The focus must not leave a dialog that is open; once it is closed, it is looked for again.
      if (dialog === null || dialog.contains(next)) next?.focus({ preventScroll: true })
    }
    const observer = new MutationObserver(restore)
    observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] })
    document.addEventListener('focusin', onFocus)
    document.addEventListener('pointerdown', onPointer)
    return () => {
      observer.disconnect()
      document.removeEventListener('focusin', onFocus)
      document.removeEventListener('pointerdown', onPointer)
    }
  }, [main])
}

function ancestorsOf(element: Element): Element[] {
  const found: Element[] = []
  for (let at = element.parentElement; at !== null; at = at.parentElement) found.push(at)
  return found
}

/** The first control near an element that was removed, within the page. */
function neighbour(around: Element[], main: HTMLElement | null): HTMLElement | undefined {
  for (const each of around) {
    if (each === main || main === null) return
    if (!each.isConnected || !main.contains(each)) continue
    const found = [...each.querySelectorAll<HTMLElement>(focusable)].find(isThere)
    if (found) return found
  }
  return undefined
}

function isThere(element: HTMLElement): boolean {
  return element.isConnected && element.matches(focusable) && element.checkVisibility()
}
