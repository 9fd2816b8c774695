import { Button } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedWebhook } from '../../api/types.ts'
import classes from './list.module.css'
import { WebhookCard } from './webhook-card.tsx'

const batch = 24

/** Cards in batches, the next when the end comes into view. A thousand at once would take the browser a second. */
export function WebhookCards({ webhooks }: { webhooks: ListedWebhook[] }) {
  const { t } = useTranslation()
  const [limit, setLimit] = useState(batch)
  const { ref, entry } = useIntersection({ rootMargin: '600px' })
  const hasMore = webhooks.length > limit
  useEffect(() => {
    if (entry?.isIntersecting && hasMore) setLimit((before) => before + batch)
  }, [entry, hasMore])
  return (
    <>
      <ul className={classes.cards} aria-label={t('list.title')}>
        {webhooks.slice(0, limit).map((webhook) => (
          <WebhookCard key={webhook.id} webhook={webhook} />
        ))}
      </ul>
      {hasMore && (
        <Button ref={ref} key={limit} variant="default" fullWidth mt="md" onClick={() => setLimit(limit + batch)}>
          {t('more')}
        </Button>
      )}
    </>
  )
}
