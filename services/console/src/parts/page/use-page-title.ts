import { useEffect } from 'react'

/** What the browser's tab says, and a screen reader when the page has changed. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Hookline`
  }, [title])
}
