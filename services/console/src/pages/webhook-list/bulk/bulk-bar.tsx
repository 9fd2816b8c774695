import { Button, Checkbox, Group } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedWebhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Confirm } from '../../../parts/page/confirm.tsx'
import { bulkActions, isChanged } from './bulk-actions.ts'
import { type BulkChange, useBulk } from './use-bulk.ts'

type Props = {
  /** All webhooks that the list finds, also those that are not drawn yet. */
  webhooks: ListedWebhook[]
  chosen: ListedWebhook[]
  onChoose: (ids: string[]) => void
}

/** Chooses all webhooks of the list, and pauses, resumes or switches off the chosen ones. */
export function BulkBar({ webhooks, chosen, onChoose }: Props) {
  const { t } = useTranslation()
  const { count } = useFormats()
  /** Change that the dialog asks about; it stays while the dialog closes. */
  const [asked, setAsked] = useState<BulkChange | null>(null)
  const [isAsking, setAsking] = useState(false)
  const bulk = useBulk()
  const isWhole = chosen.length === webhooks.length
  const changes = bulkActions
    .map((action) => ({ action, webhooks: chosen.filter((webhook) => isChanged(webhook, action)) }))
    .filter((change) => change.webhooks.length > 0)
  const label = ({ action, webhooks: { length } }: BulkChange) =>
    t(`list.bulk.${action}`, { count: length, n: count(length) })
  const start = (change: BulkChange) => bulk.mutate(change, { onSettled: () => setAsking(false) })
  const ask = (change: BulkChange) => {
    setAsked(change)
    setAsking(true)
  }
  return (
    <Group gap="sm" mb="sm" mih={36}>
      <Checkbox
        label={t('list.bulk.all')}
        checked={isWhole}
        indeterminate={chosen.length > 0 && !isWhole}
        onChange={() => onChoose(isWhole ? [] : webhooks.map(({ id }) => id))}
      />
      {changes.map((change) => (
        <Button
          key={change.action}
          size="xs"
          variant="default"
          disabled={bulk.isPending}
          onClick={() => (change.action === 'resume' ? start(change) : ask(change))}
        >
          {label(change)}
        </Button>
      ))}
      {asked && (
        <Confirm
          opened={isAsking}
          title={label(asked)}
          text={t(asked.action === 'pause' ? 'list.bulk.pauseText' : 'list.bulk.switchOffText')}
          action={label(asked)}
          dangerous={asked.action === 'switchOff'}
          busy={bulk.isPending}
          onConfirm={() => start(asked)}
          onClose={() => setAsking(false)}
        />
      )}
    </Group>
  )
}
