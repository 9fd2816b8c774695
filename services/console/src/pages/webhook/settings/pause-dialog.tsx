import { useTranslation } from 'react-i18next'
import type { Webhook } from '../../../api/types.ts'
import { Confirm } from '../../../parts/page/confirm.tsx'
import { useActions } from '../use-actions.ts'

/** Asks before pausing, and says how long the pause can last. */
export function PauseDialog({ webhook, opened, onClose }: { webhook: Webhook; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { setPaused } = useActions(webhook)
  return (
    <Confirm
      opened={opened}
      title={t('webhook.pauseTitle', { name: webhook.name })}
      text={t('webhook.pauseText')}
      action={t('webhook.pause')}
      busy={setPaused.isPending}
      onConfirm={() => setPaused.mutate(true, { onSettled: onClose })}
      onClose={onClose}
    />
  )
}
