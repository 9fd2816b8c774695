import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Webhook } from '../../../api/types.ts'
import { Confirm } from '../../../parts/page/confirm.tsx'
import { useTold } from '../../../parts/texts/told.ts'
import { useActions } from '../use-actions.ts'
import { listPath } from '../use-place.ts'

type Props = { webhook: Webhook; opened: boolean; onClose: () => void }

export function DeleteDialog({ webhook, opened, onClose }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const navigate = useNavigate()
  const { remove } = useActions(webhook)
  const confirm = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        told.done(t('delete.done', { name: webhook.name }))
        void navigate(listPath(webhook.businessId))
      },
      onError: onClose,
    })
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      onConfirm={confirm}
      busy={remove.isPending}
      dangerous
      title={t('delete.title', { name: webhook.name })}
      text={t('delete.text')}
      action={t('delete.confirm')}
    />
  )
}
