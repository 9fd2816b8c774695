import { Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useSessionState } from '../api/session.tsx'
import { SignInForm } from '../pages/login/sign-in-form.tsx'

/** Sign-in dialog over the page. The page stays as it is, so a form keeps its contents. */
export default function SessionEnded() {
  const { t } = useTranslation()
  const { phase } = useSessionState()
  return (
    <Modal
      opened={phase.kind === 'ended'}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      title={t('login.ended')}
      centered
    >
      <Stack>
        <Text size="sm">{t('login.endedText')}</Text>
        <SignInForm login={phase.kind === 'ended' ? phase.login : 'none'} />
      </Stack>
    </Modal>
  )
}
