import type { UseMutationResult } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Webhook } from '../../../api/types.ts'
import { Confirm } from '../../../parts/page/confirm.tsx'

export type DialogProps = { webhook: Webhook; opened: boolean; onClose: () => void }

type Props<Result> = DialogProps & {
  texts: 'delete' | 'rotate'
  action: UseMutationResult<Result, unknown, void>
  dangerous?: boolean
  onSuccess: (result: Result) => void
}

/** Asks before an action on a webhook, carries it out, and closes. */
export function ActionDialog<Result>({ webhook, texts, action, onSuccess, onClose, ...shown }: Props<Result>) {
  const { t } = useTranslation()
  return (
    <Confirm
      {...shown}
      onClose={onClose}
      onConfirm={() => action.mutate(undefined, { onSuccess, onSettled: onClose })}
      busy={action.isPending}
      title={t(`${texts}.title`, { name: webhook.name })}
      text={t(`${texts}.text`)}
      action={t(`${texts}.confirm`)}
    />
  )
}
