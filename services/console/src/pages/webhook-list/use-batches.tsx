import { Button } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

/**
 * Shows a long list in batches, the next when the end comes into view. A thousand at once would take the browser a second.
 * @returns the part to show, and a button for its end.
 */
export function useBatches<Item>(items: readonly Item[], batch: number): { shown: readonly Item[]; more: ReactNode } {
  const { t } = useTranslation()
  const [limit, setLimit] = useState(batch)
  const { ref, entry } = useIntersection({ rootMargin: '600px' })
  const hasMore = items.length > limit
  useEffect(() => {
    if (entry?.isIntersecting && hasMore) setLimit((before) => before + batch)
  }, [entry, hasMore, batch])
  const more = hasMore && (
    <Button ref={ref} key={limit} variant="default" fullWidth mt="md" onClick={() => setLimit(limit + batch)}>
      {t('more')}
    </Button>
  )
  return { shown: items.slice(0, limit), more }
}
