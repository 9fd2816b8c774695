import { useEffect } from 'react'

/** Sets the title of the browser's tab, which a screen reader announces. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Hookline`
  }, [title])
}
