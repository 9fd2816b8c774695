import { useFocusWithin, useHover, useIntersection, useMergedRef } from '@mantine/hooks'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { type RefCallback, useEffect, useState } from 'react'
import type { PageSource } from '../../api/page-source.ts'

/** @param Item one row. */
export type HeldList<Item> = {
  /** Rows of all pages that are shown; undefined until the first has come. */
  items: Item[] | undefined
  /** Why there are none. */
  error: unknown
  retry(): void
  /** Goes on the element around the rows. */
  ref: RefCallback<HTMLElement>
  /** Goes on an empty element above the rows. */
  topRef: RefCallback<HTMLElement>
  /** Rows that have come since the list is held; `atLeast` when all of the newest page are among them. */
  fresh: { count: number; atLeast: boolean }
  /** Shows the newest page instead. */
  showFresh(): void
  hasOlder: boolean
  isLoadingOlder: boolean
  olderError: unknown
  loadOlder(): void
}

/**
 * A list of what is newest, which grows at its head. While somebody reads it (points at it, has the focus in it, has scrolled
 * down or loaded older pages) it is held: what is new is counted, not drawn, so that no row moves from under the pointer.
 * Only the newest page is read again after a change.
 * @param toKey identity of a row.
 * @param isRead whether it is read for another reason, for instance because one row is open.
 */
export function useHeldList<Page extends { nextCursor?: string }, Item>(
  source: PageSource<Page>,
  itemsOf: (page: Page) => Item[],
  toKey: (item: Item) => string,
  isRead = false,
): HeldList<Item> {
  const name = JSON.stringify(source.queryKey)
  const newest = useQuery({
    queryKey: source.queryKey,
    queryFn: ({ signal }) => source.read('', signal),
    placeholderData: keepPreviousData,
    ...(source.refetchInterval && { refetchInterval: source.refetchInterval }),
  })
  const [held, setHeld] = useState<{ name: string; pages: Page[] } | null>(null)
  const { hovered, ref: hoverRef } = useHover<HTMLElement>()
  const [isByKeyboard, setByKeyboard] = useState(false)
  const { focused, ref: focusRef } = useFocusWithin<HTMLElement>({
    // A click leaves the focus behind, which says nothing.
    onFocus: ({ target }) => setByKeyboard((target as Element).matches(':focus-visible')),
  })
  const { entry, ref: topRef } = useIntersection<HTMLElement>()
  const isScrolled = entry !== null && entry.boundingClientRect.top < 0
  const isReading = hovered || (focused && isByKeyboard) || isScrolled || isRead

  const live = newest.data === undefined || newest.isPlaceholderData ? undefined : newest.data
  const isHeld = held !== null && held.name === name
  useEffect(() => {
    if (live === undefined) return
    setHeld((before) => {
      const isOfThisList = before !== null && before.name === name
      if (isReading) return isOfThisList ? before : { name, pages: [live] }
      return isOfThisList && before.pages.length > 1 ? before : null
    })
  }, [isReading, name, live])

  const pages = isHeld ? held.pages : newest.data && [newest.data]
  const cursor = pages?.at(-1)?.nextCursor
  const older = useMutation({
    mutationFn: (from: string) => source.read(from),
    onSuccess: (page) => setHeld({ name, pages: [...(pages ?? []), page] }),
  })
  const newestItems = live === undefined ? [] : itemsOf(live)
  // A row stays in its place, but shows what is known of it by now.
  const current = new Map(newestItems.map((item) => [toKey(item), item]))
  const items = pages?.flatMap(itemsOf).map((item) => current.get(toKey(item)) ?? item)
  const shown = new Set(items?.map(toKey))
  const count = isHeld ? newestItems.filter((item) => !shown.has(toKey(item))).length : 0
  return {
    items,
    error: newest.error,
    retry: () => void newest.refetch(),
    ref: useMergedRef(hoverRef, focusRef),
    topRef,
    fresh: { count, atLeast: count > 0 && count === newestItems.length },
    showFresh: () => setHeld(live && isReading ? { name, pages: [live] } : null),
    hasOlder: cursor !== undefined,
    isLoadingOlder: older.isPending,
    olderError: older.error,
    loadOlder: () => {
      if (cursor !== undefined) older.mutate(cursor)
    },
  }
}
