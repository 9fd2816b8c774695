import { type RefObject, useEffect, useRef } from 'react'

/** Scrolls the open tab into view, on a phone. @param isThere whether the list of tabs is drawn. */
export function useShownTab(tab: string, isThere: boolean): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when the tab changes.
  useEffect(() => {
    if (!isThere) return
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [tab, isThere])
  return list
}
