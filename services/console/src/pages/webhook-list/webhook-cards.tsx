import { useTranslation } from 'react-i18next'
import type { ListedWebhook } from '../../api/types.ts'
import classes from './list.module.css'
import { useBatches } from './use-batches.tsx'
import { WebhookCard } from './webhook-card.tsx'

const batch = 24

export function WebhookCards({ webhooks }: { webhooks: ListedWebhook[] }) {
  const { t } = useTranslation()
  const { shown, more } = useBatches(webhooks, batch)
  return (
    <>
      <ul className={classes.cards} aria-label={t('list.title')}>
        {shown.map((webhook) => (
          <WebhookCard key={webhook.id} webhook={webhook} />
        ))}
      </ul>
      {more}
    </>
  )
}
