import { type RefObject, useEffect, useRef } from 'react'

/** Scrolls the open tab into view, on a phone. @param isThere whether the list of tabs is drawn. */
export function useShownTab(tab: string, isThere: boolean): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when the tab changes.
  useEffect(() => {
    if (!isThere) return
    const tabs = list.current
    const shown = tabs?.querySelector('[aria-selected=true]')
    if (!tabs || !shown) return
    // scrollIntoView would also make Tab go on from there, past everything above.
    const { left, width } = shown.getBoundingClientRect()
    tabs.scrollLeft += left - tabs.getBoundingClientRect().left - (tabs.clientWidth - width) / 2
  }, [tab, isThere])
  return list
}
