import { type RefObject, useEffect, useRef } from 'react'

/** On a phone tabs scroll: the one that is open comes into view. @param isThere whether the list of tabs is drawn. */
export function useShownTab(tab: string, isThere: boolean): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is what makes it due.
  useEffect(() => {
    if (!isThere) return
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [tab, isThere])
  return list
}
