import { type RefObject, useEffect, useRef } from 'react'
import { useLocation, useNavigationType } from 'react-router'

/**
 * Moves the focus to the heading of a page that was opened from another one, so that a screen reader announces it and Tab
 * goes on from there (WCAG 2.4.3). A focus that is within the new page already stays, for instance on a tab.
 */
export function usePageFocus(main: RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation()
  const isBack = useNavigationType() === 'POP'
  const shown = useRef(pathname)
  useEffect(() => {
    const page = main.current
    if (page === null || shown.current === pathname) return
    shown.current = pathname
    const focusHeading = () => {
      const heading = page.querySelector<HTMLElement>('h1')
      if (heading === null) return false
      if (!page.contains(document.activeElement) && document.querySelector('[aria-modal=true]') === null) {
        heading.tabIndex = -1
        heading.focus({ preventScroll: true })
      }
      return true
    }
    // The browser restores where a page was scrolled to that one goes back to.
    if (!isBack && !page.contains(document.activeElement)) window.scrollTo(0, 0)
    if (focusHeading()) return
    // A page without its data has no heading yet.
    const observer = new MutationObserver(() => focusHeading() && observer.disconnect())
    observer.observe(page, { childList: true, subtree: true })
    return () => observer.disconnect()
  }, [main, pathname, isBack])
}
