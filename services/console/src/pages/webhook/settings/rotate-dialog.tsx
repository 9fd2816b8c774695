import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SecretDialog } from '../../../parts/requests/secret-dialog.tsx'
import { useActions } from '../use-actions.ts'
import { ActionDialog, type DialogProps } from './action-dialog.tsx'

/** Asks, creates a new secret, and shows it once. */
export function RotateDialog(props: DialogProps) {
  const { t } = useTranslation()
  const { rotate } = useActions(props.webhook)
  const [secret, setSecret] = useState<string | null>(null)
  return (
    <>
      <ActionDialog {...props} texts="rotate" action={rotate} onSuccess={(made) => setSecret(made.secret)} />
      <SecretDialog secret={secret} note={t('rotate.note')} onClose={() => setSecret(null)} />
    </>
  )
}
