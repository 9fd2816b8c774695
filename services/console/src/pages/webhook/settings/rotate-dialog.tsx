import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Webhook } from '../../../api/types.ts'
import { Confirm } from '../../../parts/page/confirm.tsx'
import { SecretDialog } from '../../../parts/requests/secret-dialog.tsx'
import { useActions } from '../use-actions.ts'

type Props = { webhook: Webhook; opened: boolean; onClose: () => void }

/** Asks, makes a new secret, and shows it this once. */
export function RotateDialog({ webhook, opened, onClose }: Props) {
  const { t } = useTranslation()
  const { rotate } = useActions(webhook)
  const [secret, setSecret] = useState<string | null>(null)
  const confirm = () =>
    rotate.mutate(undefined, {
      onSuccess: (answer) => {
        onClose()
        setSecret(answer.secret)
      },
      onError: onClose,
    })
  return (
    <>
      <Confirm
        opened={opened}
        onClose={onClose}
        onConfirm={confirm}
        busy={rotate.isPending}
        title={t('rotate.title')}
        text={t('rotate.text')}
        action={t('rotate.confirm')}
      />
      <SecretDialog secret={secret} note={t('rotate.note')} onClose={() => setSecret(null)} />
    </>
  )
}
