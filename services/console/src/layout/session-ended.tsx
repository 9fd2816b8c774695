import { Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useSessionState } from '../api/session.tsx'
import { SignInForm } from '../pages/login/sign-in-form.tsx'

/** Over the page, which stays as it is: what stands in a form is still there afterwards. */
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
